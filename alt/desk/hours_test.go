package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func schoolWeek() map[time.Weekday][]Span {
	week := make(map[time.Weekday][]Span)
	for d := time.Monday; d <= time.Friday; d++ {
		week[d] = []Span{{"13:00", "17:00"}, {"09:00", "12:00"}}
	}
	return week
}

func TestOpeningHours(t *testing.T) {
	tallinn, err := time.LoadLocation("Europe/Tallinn")
	require.NoError(t, err)
	weekdays := Hours{Week: schoolWeek(), Closed: []string{"2026-12-24", "2026-12-25"}}
	night := Hours{Week: map[time.Weekday][]Span{time.Sunday: {{"02:30", "04:30"}}, time.Monday: {{"00:00", "24:00"}}}}
	for _, tc := range []struct {
		name  string
		hours Hours
		at    string // Tallinn's clock, with its offset
		open  bool
		next  string
	}{
		{"the zero value is always open", Hours{}, "2026-03-01T03:00:00+02:00", true, ""},
		{"within a span it is open", weekdays, "2026-11-23T09:00:00+02:00", true, ""},
		{"until before its end", weekdays, "2026-11-23T11:59:59+02:00", true, ""},
		{"at its end it is closed, until the afternoon", weekdays, "2026-11-23T12:00:00+02:00", false, "2026-11-23T13:00:00+02:00"},
		{"before the first span it opens the same day", weekdays, "2026-11-23T00:00:00+02:00", false, "2026-11-23T09:00:00+02:00"},
		{"on Friday evening it opens on Monday", weekdays, "2026-11-20T17:00:00+02:00", false, "2026-11-23T09:00:00+02:00"},
		{"a holiday is skipped, and the weekend behind it", weekdays, "2026-12-23T18:00:00+02:00", false, "2026-12-28T09:00:00+02:00"},
		{"on a holiday it is closed all day", weekdays, "2026-12-24T10:00:00+02:00", false, "2026-12-28T09:00:00+02:00"},
		{"in summer by the summer clock", weekdays, "2026-07-06T09:00:00+03:00", true, ""},
		{"a minute earlier it is closed", weekdays, "2026-07-06T08:59:00+03:00", false, "2026-07-06T09:00:00+03:00"},
		{"over the change to summer time the clock's nine is meant", weekdays, "2026-03-28T12:00:00+02:00", false, "2026-03-30T09:00:00+03:00"},
		{"over the change to winter time too", weekdays, "2026-10-24T12:00:00+03:00", false, "2026-10-26T09:00:00+02:00"},
		{"the end of a span after the change counts by the new clock", night, "2026-03-29T04:15:00+03:00", true, ""},
		{"in the hour that comes twice it is open both times", night, "2026-10-25T03:30:00+03:00", true, ""},
		{"also the second time", night, "2026-10-25T03:30:00+02:00", true, ""},
		{"a whole day ends at midnight", night, "2026-11-23T23:59:59+02:00", true, ""},
		{"and is over then", night, "2026-11-24T00:00:00+02:00", false, "2026-11-29T02:30:00+02:00"},
		{"nobody knows when an agency without hours opens", Hours{Week: map[time.Weekday][]Span{time.Monday: nil}}, "2026-11-23T10:00:00+02:00", false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := tc.hours.compile()
			require.NoError(t, err)
			at, err := time.Parse(time.RFC3339, tc.at)
			require.NoError(t, err)
			require.Equal(t, tc.at, at.In(tallinn).Format(time.RFC3339), "the test's own time")
			open, next := s.at(at.UTC())
			require.Equal(t, tc.open, open)
			if tc.next == "" {
				require.True(t, next.IsZero(), "%v", next)
				return
			}
			require.Equal(t, tc.next, next.Format(time.RFC3339))
		})
	}
}

func TestAnotherTimeZone(t *testing.T) {
	s, err := Hours{Zone: "America/New_York", Week: map[time.Weekday][]Span{time.Monday: {{"09:00", "10:00"}}}}.compile()
	require.NoError(t, err)
	open, _ := s.at(time.Date(2026, 11, 23, 14, 30, 0, 0, time.UTC))
	require.True(t, open)
}

func TestHoursAreChecked(t *testing.T) {
	day := func(spans ...Span) Hours { return Hours{Week: map[time.Weekday][]Span{time.Monday: spans}} }
	for name, tc := range map[string]struct {
		hours Hours
		field string
	}{
		"a zone that is none":      {Hours{Zone: "Europe/Nowhere"}, "Hours.Zone"},
		"an eighth day":            {Hours{Week: map[time.Weekday][]Span{7: nil}}, "Hours.Week"},
		"a span that ends first":   {day(Span{"17:00", "09:00"}), "Hours.Week[Monday]"},
		"a span of no length":      {day(Span{"09:00", "09:00"}), "Hours.Week[Monday]"},
		"a time without a colon":   {day(Span{"0900", "17:00"}), "Hours.Week[Monday]"},
		"a time with one digit":    {day(Span{"9:00", "17:00"}), "Hours.Week[Monday]"},
		"a minute too much":        {day(Span{"09:60", "17:00"}), "Hours.Week[Monday]"},
		"a time after midnight":    {day(Span{"09:00", "24:01"}), "Hours.Week[Monday]"},
		"a signed time":            {day(Span{"-1:00", "17:00"}), "Hours.Week[Monday]"},
		"spans that overlap":       {day(Span{"09:00", "12:00"}, Span{"11:00", "13:00"}), "Hours.Week[Monday]"},
		"a closed day of no month": {Hours{Closed: []string{"2026-02-01", "2026-13-01"}}, "Hours.Closed[1]"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewHandler(HandlerConfig{Hours: tc.hours})
			require.ErrorContains(t, err, tc.field)
		})
	}
}
