package meta

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Page is a Facebook Page of the person who logged in.
type Page struct {
	ID   string
	Name string
	// Token is the page's own: it goes into Account.Token and Line.Token.
	Token Secret
	// Tasks are what the person may do on the page, in Meta's words.
	Tasks []string
	// Instagram is the professional account that is linked with the page; its ID
	// is empty when there is none.
	Instagram LinkedInstagram
}

// LinkedInstagram is a professional Instagram account of a page.
type LinkedInstagram struct {
	ID       string
	Username string
}

// MayConnect reports whether the person may let the app write as the page: the
// task MESSAGING is needed, and a token.
func (p Page) MayConnect() bool { return slices.Contains(p.Tasks, "MESSAGING") && p.Token != "" }

// Messenger is the page as an account.
func (p Page) Messenger() Account {
	return Account{Kind: channels.Messenger, ID: p.ID, Token: p.Token}
}

// LinkedAccount is the linked Instagram account; false when there is none.
func (p Page) LinkedAccount() (Account, bool) {
	return Account{Kind: channels.Instagram, ID: p.Instagram.ID, Page: p.ID, Token: p.Token}, p.Instagram.ID != ""
}

// Pages returns all pages that the person chose in the dialog, also those that
// may not be connected, so that it can be said why.
func (c *Connector) Pages(ctx context.Context, user Secret) ([]Page, error) {
	const op = "pages"
	type entry struct {
		ID        string   `json:"id"`
		Name      string   `json:"name"`
		Token     Secret   `json:"access_token"`
		Tasks     []string `json:"tasks"`
		Instagram struct {
			ID       string `json:"id"`
			Username string `json:"username"`
		} `json:"instagram_business_account"`
	}
	fields := url.Values{"fields": {"id,name,access_token,tasks,instagram_business_account{id,username}"}}
	entries, failure := list[entry](ctx, c.guest(user), op, "/me/accounts", fields)
	if failure != nil {
		return nil, failure
	}
	pages := make([]Page, 0, len(entries))
	for _, e := range entries {
		if !number(e.ID) || e.Instagram.ID != "" && !number(e.Instagram.ID) {
			return nil, unclear(op, "", http.StatusOK, errNoID)
		}
		pages = append(pages, Page{e.ID, e.Name, e.Token, e.Tasks, LinkedInstagram(e.Instagram)})
	}
	return pages, nil
}

const (
	listPage  = "100" // elements in one answer
	listPages = 100   // then the list is not a real one
)

// list reads a paged list to its end.
func list[T any](ctx context.Context, l *line, op, path string, query url.Values) ([]T, *channels.Error) {
	query.Set("limit", listPage)
	var all []T
	for range listPages {
		var w struct {
			Data   []T `json:"data"`
			Paging struct {
				Next    string `json:"next"`
				Cursors struct {
					After string `json:"after"`
				} `json:"cursors"`
			} `json:"paging"`
		}
		if err := l.call(ctx, httpx.Call{Op: op, Method: http.MethodGet, Path: path, Query: query}, &w); err != nil {
			return nil, harmless(err)
		}
		all = append(all, w.Data...)
		// The address in next would hold the token; it only tells that there is more.
		if w.Paging.Next == "" || w.Paging.Cursors.After == "" || w.Paging.Cursors.After == query.Get("after") {
			return all, nil
		}
		query.Set("after", w.Paging.Cursors.After)
	}
	return nil, l.refuse(op, channels.ErrTooLong, "the list does not end")
}
