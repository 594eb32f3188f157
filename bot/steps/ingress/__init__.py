"""Ways into the cluster by host name and path: Ingresses, Gateways and HTTPRoutes."""
