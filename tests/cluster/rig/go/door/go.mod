module netcheck-cluster/door

go 1.25.0
