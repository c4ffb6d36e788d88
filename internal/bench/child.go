package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"time"
)

// taskVar is the environment variable that makes this program a child process: it
// holds a task as JSON.
const taskVar = "LIIDESTUJA_BENCH_TASK"

// Roles of a child process.
const (
	roleFloor  = "floor"
	roleAccept = "accept" // webhooks only: nobody works the queues
	roleTurns  = "turns"
	roleProxy  = "proxy" // gives requests to Backends, in turn
)

// task is what a child process is to be.
type task struct {
	Role, Wire string
	Provider   string // base address of the loopback provider
	Place      place
	Backends   []string
}

// child serves until it is killed. Its address is its first line.
func child(raw string) error {
	var t task
	if err := json.Unmarshal([]byte(raw), &t); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if t.Role == roleProxy {
		fmt.Println(l.Addr())
		return serveProxy(l, t.Backends)
	}
	w, err := wireNamed(t.Wire)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/profile", pprof.Profile) // go tool pprof http://ADDRESS/profile?seconds=5
	if t.Role == roleFloor {
		err = serveFloor(mux, w, t.Place)
	} else {
		err = serveService(mux, w, t)
	}
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(l)
}

// childTask is the task of this process; empty when it is the parent.
func childTask() string { return os.Getenv(taskVar) }
