package desk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hours are the hours in which the desk answers. The zero value is always
// open.
type Hours struct {
	// Zone is the IANA time zone of all times. Default "Europe/Tallinn".
	Zone string
	// Week has the spans of each day; a day without any is closed. An empty
	// map means every day, all day.
	Week map[time.Weekday][]Span
	// Closed are further days on which nobody answers, "2026-12-24".
	Closed []string
}

// Span is a part of a day by the local clock, from "09:00" until before
// "17:00". The end of the day is "24:00".
type Span struct {
	From, To string
}

// ahead bounds, in days, how far the next opening is looked for.
const ahead = 400

// schedule is Hours, checked. A span is in minutes of the local day.
type schedule struct {
	zone   *time.Location
	week   [7][]span
	closed map[string]bool
}

type span struct{ from, to int }

// errHours is what New says of a field of Hours.
func errHours(field, why string) error { return fmt.Errorf("desk: Hours.%s: %s", field, why) }

func (h Hours) compile() (*schedule, error) {
	if h.Zone == "" {
		h.Zone = "Europe/Tallinn"
	}
	zone, err := time.LoadLocation(h.Zone)
	if err != nil {
		return nil, errHours("Zone", "not known here (a program without the system's time zones imports time/tzdata)")
	}
	s := &schedule{zone: zone, closed: make(map[string]bool)}
	for day := range s.week {
		if len(h.Week) == 0 {
			s.week[day] = []span{{0, 24 * 60}}
		}
	}
	for day, spans := range h.Week {
		if day < time.Sunday || day > time.Saturday {
			return nil, errHours("Week", "has a day that no week has")
		}
		if s.week[day], err = compileDay(spans); err != nil {
			return nil, errHours("Week["+day.String()+"]", err.Error())
		}
	}
	for i, day := range h.Closed {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return nil, errHours(fmt.Sprintf("Closed[%d]", i), `must be a day like "2026-12-24"`)
		}
		s.closed[day] = true
	}
	return s, nil
}

func compileDay(spans []Span) ([]span, error) {
	var out []span
	for _, sp := range spans {
		from, ok1 := minute(sp.From)
		to, ok2 := minute(sp.To)
		if !ok1 || !ok2 || from >= to {
			return nil, fmt.Errorf(`must be spans like "09:00" to "17:00"`)
		}
		out = append(out, span{from, to})
	}
	slices.SortFunc(out, func(a, b span) int { return a.from - b.from })
	for i := 1; i < len(out); i++ {
		if out[i].from < out[i-1].to {
			return nil, fmt.Errorf("spans overlap")
		}
	}
	return out, nil
}

// minute reads "HH:MM" as minutes of the day.
func minute(s string) (int, bool) {
	hh, mm, ok := strings.Cut(s, ":")
	h, err1 := strconv.Atoi(hh)
	m, err2 := strconv.Atoi(mm)
	if !ok || err1 != nil || err2 != nil || len(hh) != 2 || len(mm) != 2 || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 {
		return 0, false
	}
	return h*60 + m, true
}

// at tells whether the desk is open at t and, when it is not, when it opens
// next: zero when that is not known. One closed period has one next opening,
// by which it is told from another.
func (s *schedule) at(t time.Time) (open bool, next time.Time) {
	y, m, d := t.In(s.zone).Date()
	for i := range ahead {
		day := time.Date(y, m, d+i, 12, 0, 0, 0, s.zone) // noon is there on every day, whatever the clocks do
		if s.closed[day.Format(time.DateOnly)] {
			continue
		}
		for _, sp := range s.week[day.Weekday()] {
			// The clock's time, not minutes since midnight: a day may have 23 or 25 hours.
			from := time.Date(y, m, d+i, 0, sp.from, 0, 0, s.zone)
			to := time.Date(y, m, d+i, 0, sp.to, 0, 0, s.zone)
			switch {
			case !t.Before(to):
			case t.Before(from):
				return false, from
			default:
				return true, time.Time{}
			}
		}
	}
	return false, time.Time{}
}
