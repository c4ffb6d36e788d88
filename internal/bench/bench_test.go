package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCopiesOfASeedAreOthersAndBelongTogether(t *testing.T) {
	f := &filler{copies: 3, ids: 1000, logs: 500, positions: 70}
	const id = "01a2040c-3e0b-7f1d-a842-183665823c48"
	columns := []string{"id", "peer", "name", "talk", "body", "key", "provider", "message", "seq", "position", "status"}
	row := []any{int64(7), "+372500000002", id, int64(9), []byte(`{"id":"` + id + `","peer":"+372500000002"}`), []byte("key"), "0a0b", "in-7", int64(3), int64(4), "sent"}
	talks := &table{name: "conversations", columns: columns, rows: [][]any{row}}
	seen := map[string]bool{id: true, "key": true, "0a0b": true}
	for n := range f.copies {
		got := f.at(talks, n)
		c := n + 1
		require.Equal(t, []any{int64(7 + 1000*c), fmt.Sprintf("+3725%08d", 2+seedPeople*c)}, got[:2])
		require.Equal(t, int64(9+1000*c), got[3])
		require.Equal(t, fmt.Sprintf(`{"id":"%s","peer":"%s"}`, got[2], got[1]), string(got[4].([]byte)))
		require.Equal(t, []any{fmt.Sprint("in-", 7+1000*c), int64(3 + 500*c), int64(4 + 70*c), "sent"}, got[7:])
		for _, name := range []string{got[2].(string), string(got[5].([]byte)), got[6].(string)} {
			require.False(t, seen[name], name)
			seen[name] = true
		}
		require.Len(t, got[2], len(id))
		require.Less(t, got[2], id, "copies are older than the seed")
	}
	require.Nil(t, f.at(talks, f.copies))

	people := &table{name: "people", columns: []string{"peer", "session", "started"}, rows: [][]any{{"+372500000001", []byte("{}"), int64(5)}}}
	require.Equal(t, []any{phoneOf(1 + seedPeople), nil, nil}, f.at(people, 0))
}

func TestAPlanThatReadsALargeTableAsAWholeIsFound(t *testing.T) {
	const log = "LOG:  duration: 0.1 ms  plan:\n\tQuery Text: SELECT a\n\t\tFROM items\n\tLimit\n\t  ->  %s on items i\n" +
		"LOG:  duration: 0.1 ms  plan:\n\tQuery Text: SELECT b FROM store\n\tSeq Scan on store\n"
	large := map[string]bool{"items": true}
	seen, bad := readPlans(fmt.Sprintf(log, "Index Scan using items_talk"), large)
	require.Equal(t, 2, seen)
	require.Empty(t, bad)
	_, bad = readPlans(fmt.Sprintf(log, "Parallel Seq Scan"), large)
	require.Equal(t, []string{"items: SELECT a"}, bad)
}

func TestTheProxyGivesRequestsInTurn(t *testing.T) {
	backend := func(name string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer func() { _ = conn.Close() }()
			for r := bufio.NewReader(conn); pass(io.Discard, r) == nil; {
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s", len(name), name)
			}
		}()
		return l.Addr().String()
	}
	backends := []string{backend("a"), backend("b")}
	client, server := net.Pipe()
	defer func() { _ = client.Close() }()
	go relay(server, backends, 0)
	r := bufio.NewReader(client)
	for _, want := range []string{"a", "b", "a"} {
		_, err := client.Write([]byte("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"))
		require.NoError(t, err)
		var answer strings.Builder
		require.NoError(t, pass(&answer, r))
		require.True(t, strings.HasSuffix(answer.String(), "\r\n\r\n"+want), answer.String())
	}
}
