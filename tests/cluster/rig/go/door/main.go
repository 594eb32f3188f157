// A small proxy that stands for an Ingress controller: HOST=URL for each host that it knows, 404 for all others, 502
// where nothing answers behind it. It reads no Ingress: rows say what it has loaded.
package main

import (
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"
)

func main() {
	known := map[string]http.Handler{}
	for _, rule := range os.Args[1:] {
		host, target, _ := strings.Cut(rule, "=")
		address, err := url.Parse(target)
		if err != nil {
			log.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(address)
		proxy.Transport = &http.Transport{ResponseHeaderTimeout: 3 * time.Second, DisableKeepAlives: true}
		proxy.ErrorHandler = func(out http.ResponseWriter, _ *http.Request, err error) {
			log.Print(err)
			http.Error(out, "Bad Gateway", http.StatusBadGateway)
		}
		known[host] = proxy
	}
	log.Fatal(http.ListenAndServe(":8080", http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if handler, ok := known[in.Host]; ok {
			handler.ServeHTTP(out, in)
			return
		}
		http.NotFound(out, in)
	})))
}
