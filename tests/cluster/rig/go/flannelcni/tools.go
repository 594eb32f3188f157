//go:build tools

// Package flannelcni holds the version of Flannel's CNI plugin in its go.mod; nothing in it is built.
package flannelcni

import _ "github.com/containernetworking/plugins/plugins/meta/flannel"
