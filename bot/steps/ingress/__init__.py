"""Ways into the cluster by host name and path: Ingresses, Gateways and HTTPRoutes (ING-01 to ING-06)."""
