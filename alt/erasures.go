package alt

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// LineErasures is what became of the conversations of a line at its provider.
type LineErasures struct {
	Line     channels.ID   `json:"line"`
	Kind     channels.Kind `json:"kind,omitempty"` // empty, with Provider: the line was removed
	Provider string        `json:"provider,omitempty"`
	// Can is the most that the line can do: channels.NotErasable when its driver or
	// its provider erases nothing, and people must be told so; empty when it is not
	// known.
	Can channels.Erasure `json:"can,omitempty"`
	// Results counts the conversations of the time by what came of them.
	Results map[channels.Erasure]int `json:"results"`
}

// Erasures tells, for each line of an agency, what Config.EraseAfter did in a
// time, and which lines it cannot do anything about. It reads the security log of
// that time, where each conversation and line has one entry
// "conversation.erased"; a zero time is no bound.
func (s *Service) Erasures(ctx context.Context, agency channels.Agency, from, to time.Time) ([]LineErasures, error) {
	lines := make(map[channels.ID]*LineErasures)
	for _, l := range s.routes.Load().lines {
		if l.info.Agency != agency {
			continue
		}
		can := channels.NotErasable
		if _, ok := channels.As[channels.Eraser](l.Channel); ok {
			can = l.info.Capabilities.Erasure.Value // empty when it is not known
		}
		lines[l.info.ID] = &LineErasures{Line: l.info.ID, Kind: l.info.Kind, Provider: l.info.Provider, Can: can, Results: make(map[channels.Erasure]int)}
	}
	err := s.eachEntry(ctx, LogQuery{Agency: agency, From: from, To: to}, func(e LogEntry) {
		if e.Act != actErased {
			return
		}
		if lines[e.Line] == nil {
			lines[e.Line] = &LineErasures{Line: e.Line, Results: make(map[channels.Erasure]int)}
		}
		lines[e.Line].Results[channels.Erasure(e.Detail["result"])]++
	})
	if err != nil {
		return nil, err
	}
	out := make([]LineErasures, 0, len(lines))
	for _, l := range lines {
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b LineErasures) int { return cmp.Compare(a.Line, b.Line) })
	return out, nil
}
