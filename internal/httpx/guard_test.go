package httpx_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

func TestTheGuardKnowsPublicAddresses(t *testing.T) {
	for addr, public := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "193.40.0.1": true, "100.63.255.255": true, "100.128.0.1": true,
		"172.15.255.255": true, "172.32.0.1": true, "223.255.255.255": true, "168.63.129.17": true,
		"2001:4860:4860::8888": true, "2a00:1450::1": true, "2606:4700::1": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "100.64.0.1": false, "100.100.100.200": false,
		"100.127.255.255": false, "127.0.0.1": false, "127.255.0.1": false, "169.254.169.254": false,
		"172.16.0.1": false, "172.31.255.255": false, "192.0.0.192": false, "192.0.2.1": false, "192.88.99.1": false,
		"192.168.1.1": false, "198.18.0.1": false, "198.19.255.255": false, "198.51.100.7": false,
		"203.0.113.9": false, "224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"168.63.129.16": false,

		"::": false, "::1": false, "::8.8.8.8": false, "::ffff:8.8.8.8": false, "::ffff:127.0.0.1": false,
		"::ffff:169.254.169.254": false, "64:ff9b::8.8.8.8": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false,
		"100::1": false, "2001::1": false, "2001:0:7f00:1::": false, "2001:20::1": false, "2001:db8::1": false,
		"2002:7f00:1::": false, "2002:808:808::1": false, "3fff::1": false, "4000::1": false, "5f00::1": false,
		"fc00::1": false, "fd00:ec2::254": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false,
		"ff02::1": false, "2a00::1%eth0": false,
	} {
		err := httpx.GuardedDialer{}.Check(netip.MustParseAddr(addr))
		if public {
			require.NoError(t, err, addr)
		} else {
			require.ErrorIs(t, err, httpx.ErrForbiddenAddress, addr)
		}
	}
	require.ErrorIs(t, httpx.GuardedDialer{}.Check(netip.Addr{}), httpx.ErrForbiddenAddress)

	loopback := httpx.GuardedDialer{InsecureLoopback: true}
	require.NoError(t, loopback.Check(netip.MustParseAddr("127.0.0.1")))
	require.NoError(t, loopback.Check(netip.MustParseAddr("::1")))
	for _, addr := range []string{"10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0", "::"} {
		require.Error(t, loopback.Check(netip.MustParseAddr(addr)), addr)
	}
}

func TestTheGuardLooksAtTheAddressThatIsDialled(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	require.NoError(t, err)
	// Whatever the name was when somebody looked, now it leads to loopback.
	rebound := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, ln.Addr().String())
	}
	for name, tc := range map[string]struct {
		guard   httpx.GuardedDialer
		network string
		address string
		allowed bool
	}{
		"an address":                     {httpx.GuardedDialer{}, "tcp", ln.Addr().String(), false},
		"a name that resolves to it":     {httpx.GuardedDialer{}, "tcp", "localhost:" + port, false},
		"an address that means loopback": {httpx.GuardedDialer{}, "tcp", "0.0.0.0:" + port, false},
		"a name that was rebound":        {httpx.GuardedDialer{Next: rebound}, "tcp", "media.example.com:443", false},
		"a datagram":                     {httpx.GuardedDialer{InsecureLoopback: true}, "udp", ln.Addr().String(), false},
		"loopback where it is allowed":   {httpx.GuardedDialer{InsecureLoopback: true}, "tcp", ln.Addr().String(), true},
		"the same through another":       {httpx.GuardedDialer{InsecureLoopback: true, Next: rebound}, "tcp", "x:1", true},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := tc.guard.DialContext(t.Context(), tc.network, tc.address)
			if tc.allowed {
				require.NoError(t, err)
				conn.Close()
				return
			}
			require.ErrorIs(t, err, httpx.ErrForbiddenAddress)
			require.Nil(t, conn)
		})
	}
	t.Run("not TCP", func(t *testing.T) {
		here, there := net.Pipe()
		defer there.Close()
		pipe := func(context.Context, string, string) (net.Conn, error) { return here, nil }
		_, err := httpx.GuardedDialer{Next: pipe}.DialContext(t.Context(), "tcp", "media.example.com:443")
		require.ErrorIs(t, err, httpx.ErrForbiddenAddress)
		_, err = here.Write([]byte("x"))
		require.Error(t, err, "the connection is closed")
	})
}
