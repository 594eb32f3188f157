// What a pod's first container runs: it holds the pod's namespaces and does nothing until it is told to go.
package main

import (
	"context"
	"os/signal"
	"syscall"
)

func main() {
	told, _ := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	<-told.Done()
}
