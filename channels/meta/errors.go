package meta

import "encoding/json"

// wireError is Meta's error object, in answers and in reports.
type wireError struct {
	Code      json.Number `json:"code"`
	Subcode   json.Number `json:"error_subcode"`
	Transient bool        `json:"is_transient"`
}
