package lines

import (
	"net/http"
	"strconv"

	"github.com/liidestuja/liidestuja/channels"
)

func (a *api) document(c *call) error {
	c.w.Header().Set("Content-Type", "application/yaml")
	_, err := c.w.Write(openAPI)
	return err
}

func (a *api) list(c *call) error {
	items, err := a.m.List(c.r.Context(), c.me.who())
	if err != nil {
		return err
	}
	writeJSON(c.w, http.StatusOK, "application/json", map[string]any{"items": append([]View{}, items...), "providers": append([]string{}, a.m.Providers()...)})
	return nil
}

func (a *api) line(c *call) error {
	v, err := a.m.Line(c.r.Context(), c.me.who(), channels.ID(c.r.PathValue("id")))
	if err != nil {
		return err
	}
	writeJSON(c.w, http.StatusOK, "application/json", v)
	return nil
}

func (a *api) add(c *call) error {
	var body struct {
		Login   string        `json:"login"`
		Kind    channels.Kind `json:"kind"`
		Account string        `json:"account"`
		Name    string        `json:"name"`
		PIN     string        `json:"pin"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	v, created, err := a.m.Add(c.r.Context(), c.me.who(), Request{
		Login: body.Login, Kind: body.Kind, Account: body.Account, ID: channels.ID(c.r.PathValue("id")), Name: body.Name, PIN: Secret(body.PIN),
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	writeJSON(c.w, status, "application/json", v)
	return nil
}

func (a *api) remove(c *call) error {
	force, err := strconv.ParseBool(or(c.query.Get("force"), "false"))
	if err != nil {
		return problem("malformed_parameter")
	}
	if err := a.m.Remove(c.r.Context(), c.me.who(), channels.ID(c.r.PathValue("id")), c.query.Get("confirm"), force); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *api) check(c *call) error {
	var body struct {
		PIN string `json:"pin"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	v, err := a.m.Check(c.r.Context(), c.me.who(), channels.ID(c.r.PathValue("id")), Secret(body.PIN))
	if err != nil {
		return err
	}
	writeJSON(c.w, http.StatusOK, "application/json", v)
	return nil
}

func (a *api) begin(c *call) error {
	var body struct {
		Provider string `json:"provider"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	v, err := a.m.Begin(c.r.Context(), c.me.who(), body.Provider)
	if err != nil {
		return err
	}
	v.URL = a.page(v.ID)
	writeJSON(c.w, http.StatusCreated, "application/json", v)
	return nil
}

func (a *api) login(c *call) error {
	v, err := a.m.Login(c.r.Context(), c.me.who(), c.r.PathValue("id"))
	if err != nil {
		return err
	}
	if v.Step == StepBegun {
		v.URL = a.page(v.ID)
	}
	writeJSON(c.w, http.StatusOK, "application/json", v)
	return nil
}
