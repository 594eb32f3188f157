// flanneld with the two backends that need no cloud. Everything that Flannel does is Flannel's own code: which subnet a
// node has, the vxlan device or the routes, the iptables rules. Only the cloud backends, and what they drag in, are left out.
package main

import (
	"context"
	"flag"
	"fmt"
	"os/signal"
	"sync"
	"syscall"

	"github.com/flannel-io/flannel/pkg/backend"
	_ "github.com/flannel-io/flannel/pkg/backend/hostgw"
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan"
	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/subnet/kube"
	"github.com/flannel-io/flannel/pkg/trafficmngr/iptables"
	log "k8s.io/klog/v2"
)

const (
	annotationPrefix = "flannel.alpha.coreos.com"
	configFile       = "/etc/kube-flannel/net-conf.json"
	subnetFile       = "/run/flannel/subnet.env"
	resyncSeconds    = 5
)

func main() {
	device := flag.String("iface", "eth0", "the interface that leads to the other nodes")
	log.InitFlags(nil)
	flag.Parse()
	ctx, release := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer release()

	var running sync.WaitGroup
	if err := serve(ctx, &running, *device); err != nil {
		log.Fatal(err)
	}
	running.Wait()
}

func serve(ctx context.Context, running *sync.WaitGroup, device string) error {
	leases, err := kube.NewSubnetManager(ctx, "", "", annotationPrefix, configFile, true)
	if err != nil {
		return fmt.Errorf("Failed to create SubnetManager: %w", err)
	}
	config, err := leases.GetNetworkConfig(ctx)
	if err != nil {
		return err
	}
	network, err := join(ctx, running, leases, config, device)
	if err != nil {
		return fmt.Errorf("Error registering network: %w", err)
	}
	lease := network.Lease()
	if err := writeRules(ctx, config, network); err != nil {
		return err
	}
	if err := leases.HandleSubnetFile(subnetFile, config, true, lease.Subnet, lease.IPv6Subnet, network.MTU()); err != nil {
		return err
	}
	log.Infof("Wrote subnet file to %s", subnetFile)
	running.Add(1)
	go func() {
		defer running.Done()
		network.Run(ctx)
	}()
	return leases.CompleteLease(ctx, lease, running)
}

func join(
	ctx context.Context, running *sync.WaitGroup, leases subnet.Manager, config *subnet.Config, device string,
) (backend.Network, error) {
	families, err := ipmatch.GetIPFamily(config.EnableIPv4, config.EnableIPv6)
	if err != nil {
		return nil, err
	}
	external, err := ipmatch.LookupExtIface(device, "", "", families, ipmatch.PublicIPOpts{})
	if err != nil {
		return nil, err
	}
	chosen, err := backend.NewManager(ctx, leases, external).GetBackend(config.BackendType)
	if err != nil {
		return nil, err
	}
	return chosen.RegisterNetwork(ctx, running, config)
}

func writeRules(ctx context.Context, config *subnet.Config, network backend.Network) error {
	var before4 ip.IP4Net // no subnet of an earlier start to be cleaned away
	var before6 ip.IP6Net
	rules := &iptables.IPTablesManager{}
	if err := rules.Init(ctx); err != nil {
		return err
	}
	if err := rules.SetupAndEnsureMasqRules(ctx, config.Network, before4, before4, config.IPv6Network, before6, before6,
		network.Lease(), resyncSeconds, false); err != nil {
		return err
	}
	rules.SetupAndEnsureForwardRules(ctx, config.Network, config.IPv6Network, resyncSeconds)
	return nil
}
