package channels

// Status is how far an outgoing message came.
type Status string

// Statuses in their order. Unknown means that a send ended without a clear
// answer; Canceled that a message was taken back before it was tried.
const (
	Queued    Status = "queued"
	Unknown   Status = "unknown"
	Sent      Status = "sent"
	Delivered Status = "delivered"
	Read      Status = "read"
	Failed    Status = "failed"
	Canceled  Status = "canceled"
)

// rank orders statuses; Failed lies between Sent and Delivered, because a late
// failure beats an acceptance, and evidence of delivery beats a failure.
func (s Status) rank() int {
	switch s {
	case Queued:
		return 1
	case Unknown:
		return 2
	case Sent:
		return 3
	case Failed:
		return 4
	case Delivered:
		return 5
	case Read:
		return 6
	case Canceled:
		return 7
	}
	return 0
}

// Merge returns the status after a report of next: queued < unknown < sent <
// failed < delivered < read. Reports may arrive in any order and repeatedly;
// the result is the same. A canceled message stays canceled.
func (s Status) Merge(next Status) Status {
	if next.rank() > s.rank() {
		return next
	}
	return s
}

// Min returns the lower of two statuses: a message's status is that of the
// part that came least far, and Failed or Canceled as soon as one part is.
func (s Status) Min(o Status) Status {
	for _, bad := range []Status{Canceled, Failed} {
		if s == bad || o == bad {
			return bad
		}
	}
	if o.rank() < s.rank() {
		return o
	}
	return s
}
