package session_test

import (
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

func Example() {
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	person := channels.Address{Agency: "agency", Channel: "page", Peer: "someone"}

	s := session.New(person, noon)
	s.Set("topic", "passport")

	policy := session.Policy{Idle: 15 * time.Minute}
	end, why := policy.Deadline(s)
	fmt.Println("ends at", end.Format(time.TimeOnly), "by", why)

	s.LastSeen = noon.Add(10 * time.Minute) // another message
	fmt.Println("over at 12:20:", policy.Expire(s, noon.Add(20*time.Minute)))
	fmt.Println("over at 13:00:", policy.Expire(s, noon.Add(time.Hour)), "at", s.Ended.Format(time.TimeOnly))
	// Output:
	// ends at 12:15:00 by idle
	// over at 12:20: false
	// over at 13:00: true at 12:25:00
}
