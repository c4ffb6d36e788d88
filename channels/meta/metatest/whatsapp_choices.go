package metatest

// readReplyButtons checks the one to three buttons of a message. Titles and ids are unique.
func readReplyButtons(action fields) ([]offer, error) {
	if err := action.only("action", "buttons"); err != nil {
		return nil, err
	}
	buttons, err := action.list("buttons", maxButtons)
	if err != nil {
		return nil, err
	}
	var offers []offer
	seen := map[string]bool{}
	for _, b := range buttons {
		if err := b.only("buttons", "type", "reply"); err != nil {
			return nil, err
		}
		if b.str("type") != "reply" {
			return nil, wrongly("Param buttons[type] must be reply.")
		}
		r, err := b.object("reply", "id", "title")
		if err != nil {
			return nil, err
		}
		o := offer{how: howButton}
		if o.id, err = r.need("id", waButtonID); err != nil {
			return nil, err
		}
		if o.title, err = r.need("title", waButton); err != nil {
			return nil, err
		}
		if seen["id "+o.id] || seen["title "+o.title] {
			return nil, wrongly("Buttons must have different ids and titles.")
		}
		seen["id "+o.id], seen["title "+o.title] = true, true
		offers = append(offers, o)
	}
	return offers, nil
}

// readList checks the sections of a list: at most ten rows in all.
func readList(action fields) ([]offer, error) {
	if err := action.only("action", "button", "sections"); err != nil {
		return nil, err
	}
	if _, err := action.need("button", waButton); err != nil {
		return nil, err
	}
	sections, err := action.list("sections", waRows)
	if err != nil {
		return nil, err
	}
	var offers []offer
	seen := map[string]bool{}
	for _, section := range sections {
		if err := section.only("sections", "title", "rows"); err != nil {
			return nil, err
		}
		title, err := section.upTo("title", waRow)
		if err == nil && title == "" && len(sections) > 1 {
			err = missing("sections[title]")
		}
		if err != nil {
			return nil, err
		}
		rows, err := section.list("rows", 0)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			o, err := readRow(row)
			if err == nil && seen[o.id] {
				err = wrongly("Rows must have different ids.")
			}
			if err != nil {
				return nil, err
			}
			seen[o.id] = true
			offers = append(offers, o)
		}
	}
	if len(offers) > waRows {
		return nil, wrongly("Total row count exceed max allowed count: %d.", waRows)
	}
	return offers, nil
}

func readRow(row fields) (o offer, err error) {
	o.how = howList
	if err = row.only("rows", "id", "title", "description"); err != nil {
		return o, err
	}
	if o.id, err = row.need("id", waRowID); err != nil {
		return o, err
	}
	if o.title, err = row.need("title", waRow); err != nil {
		return o, err
	}
	o.description, err = row.upTo("description", waDescription)
	return o, err
}
