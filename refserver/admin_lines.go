package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// errNoLines is the answer where the configuration does not allow adding lines.
var errNoLines = errors.New("lines can be managed only where the configuration has line_keys")

// listLines answers GET /lines.
func (a *admin) listLines(r *http.Request) (any, error) {
	if a.lines == nil {
		return nil, errNoLines
	}
	all := []lineOfAgency{}
	for _, agency := range a.agencies {
		list, err := a.lines.List(r.Context(), lines.Who{ID: operatorName, Agency: agency})
		if err != nil {
			return nil, told(err)
		}
		for _, l := range list {
			all = append(all, lineOfAgency{string(agency), l})
		}
	}
	return all, nil
}

// removeLine answers POST /lines/remove/{id}. Without the right confirmation it
// answers what to confirm with.
func (a *admin) removeLine(r *http.Request) (any, error) {
	if a.lines == nil {
		return nil, errNoLines
	}
	var by lineRemoval
	if err := json.NewDecoder(r.Body).Decode(&by); err != nil {
		return nil, fmt.Errorf("%w: %w", alt.ErrInput, err)
	}
	id := channels.ID(r.PathValue("id"))
	err := fmt.Errorf("%w", alt.ErrNotFound)
	for _, agency := range a.agencies {
		err = a.lines.Remove(r.Context(), lines.Who{ID: operatorName, Agency: agency}, id, by.Confirm, by.Force)
		if err == nil || lines.AsProblem(err).Code != "not_found" {
			break
		}
	}
	if err == nil {
		return lineRemoval{}, nil
	}
	if p := lines.AsProblem(err); p.Code == "confirm" {
		return lineRemoval{Confirm: p.Confirm}, nil
	}
	return nil, told(err)
}

// rekeyLines answers POST /lines/rekey.
func (a *admin) rekeyLines(r *http.Request) (any, error) {
	if a.lines == nil {
		return nil, errNoLines
	}
	n, err := a.lines.Rekey(r.Context(), operatorName)
	if err != nil {
		return nil, fmt.Errorf("after %d lines: %w", n, err)
	}
	return rekeyed{n}, nil
}

// told is a problem in words for an operator.
func told(err error) error {
	p := lines.AsProblem(err)
	if p.Code == "not_found" {
		return fmt.Errorf("%w", alt.ErrNotFound)
	}
	if p.Reason != "" {
		return fmt.Errorf("%s (%s)", p.Title, p.Reason)
	}
	return errors.New(p.Title)
}
