package main

import (
	"io"
	"net/http"
	"time"
)

// floorBatch bounds how many requests share a transaction of a floor.
const floorBatch = 512

// floorRow is one request on its way to the database.
type floorRow struct {
	key  string
	body []byte
	done chan error
}

// floorStore writes rows in one durable transaction.
type floorStore interface{ commit(rows []floorRow) error }

// serveFloor is the smallest server that keeps its word: it verifies, parses,
// writes one row a request, and answers when that is durable. What waits shares a
// transaction. It uses nothing of the library.
func serveFloor(mux *http.ServeMux, w wire, place place) error {
	st, err := place.floor()
	if err != nil {
		return err
	}
	rows := make(chan floorRow, floorBatch)
	go commitRows(st, rows)
	mux.HandleFunc("/webhooks/"+w.name, func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, 1<<20))
		key, ok := "", false
		if err == nil {
			key, ok = w.accept(r.Header, body, time.Now())
		}
		if !ok {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		row := floorRow{key, body, make(chan error, 1)}
		rows <- row
		if <-row.done != nil {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	return nil
}

// commitRows commits what came during the last commit.
func commitRows(st floorStore, rows <-chan floorRow) {
	batch := make([]floorRow, 0, floorBatch)
	for row := range rows {
		batch = append(batch[:0], row)
		for range min(len(rows), floorBatch-1) {
			batch = append(batch, <-rows)
		}
		err := st.commit(batch)
		for _, row := range batch {
			row.done <- err
		}
	}
}
