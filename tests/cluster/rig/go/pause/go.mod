module netcheck-cluster/pause
go 1.24.0
