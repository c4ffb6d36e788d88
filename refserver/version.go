package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

const serviceName = "liidestuja"

// build says which program this is.
type build struct {
	Version  string `json:"version"`            // of the module
	Revision string `json:"revision,omitempty"` // of the source
	Modified bool   `json:"modified,omitempty"` // the source was changed since
	Built    string `json:"source_time,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// readBuild reads what the toolchain wrote into the program.
func readBuild() build {
	b := build{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Built = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func cmdVersion() command {
	return command{
		name: "version", short: "tell which program this is",
		long:     "Prints the version of the program, the revision of its source and the Go version that built it.",
		examples: []string{"refserver version"},
		run:      (*console).version,
	}
}

func (c *console) version(_ context.Context, args []string) error {
	if err := c.flags().parse(args, 0, 0); err != nil {
		return err
	}
	b := readBuild()
	revision := or(b.Revision, "unknown")
	if b.Modified {
		revision += " and changes"
	}
	_, err := fmt.Fprintf(c.stdout, "%s %s\nrevision %s\n%s %s\n", serviceName, b.Version, revision, b.Go, b.Platform)
	return err
}
