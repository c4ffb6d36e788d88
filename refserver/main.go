// Command refserver is the reference server: it shows how the library is wired,
// and is enough for an agency that wants to write no program of its own.
//
//	refserver                       a demo in the browser, without any account
//	refserver -demo PROVIDER        the same on another provider's simulator
//	refserver -config FILE          serves the providers of a configuration
//	refserver help                  explains all commands
//
// A configuration is explained in liidestuja.example.yaml. The server listens at
// one address:
//
//	/webhooks/{name}    providers report here
//	/v1/                the API of the desk, described at /v1/openapi.yaml
//	/v1/admin/          the API of lines, described at /v1/admin/openapi.yaml
//	/lines              adding and removing lines, for people
//	/login/             people prove who they are
//	/healthz            the process is there
//	/readyz             messages can be taken: the store can be written; or why not
//	/heartbeat.json     name, version, times, and the state of external systems
//
// A process that has some of the roles alone answers what belongs to them, and the
// last three. Metrics are at /metrics of an address of their own, metrics.addr.
//
// The technical log goes to the standard error as JSON, see logHandler; on the
// standard output stands the address to open and nothing else.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the desk's hours have a time zone, which a small machine may lack
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal finds its default again and ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the work could not be done, or a check found a mistake
	exitUsage  = 2 // the command line was not understood
)

// console is what a command sees of the world.
type console struct {
	env            func(string) (string, bool)
	stdin          io.Reader
	stdout, stderr io.Writer
	command        command
}

// run is the whole program. A ctx that ends is the first signal to stop.
func run(ctx context.Context, args []string, env func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) int {
	c := &console{env: env, stdin: stdin, stdout: stdout, stderr: stderr}
	err := c.dispatch(ctx, args)
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		_, _ = fmt.Fprintf(stderr, "%s: %s\nTry: %s\n", serviceName, usage.reason, usage.try)
		return exitUsage
	case errors.Is(err, errTold):
		return exitFailed
	}
	_, _ = fmt.Fprintf(stderr, "%s: %s\n", serviceName, (&redactor{}).text(err.Error()))
	return exitFailed
}

// errTold ends a command that failed and has said so itself.
var errTold = errors.New("failed")
