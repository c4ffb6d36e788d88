package smartidtest

import "strings"

// What a request is about. The first three are the session types of device links.
const (
	kindAuth        = "auth"
	kindSign        = "sign"
	kindCert        = "cert"
	kindCertificate = "certificate" // answered at once, without a session
	kindSession     = "session"     // the poll
)

// How a session reaches the phone.
const (
	byLink         = "device-link"
	byNotification = "notification"
	byLinked       = "linked"
)

// How the person is named.
const (
	anybody    = ""
	identifier = "etsi"
	document   = "document"
)

// route is one endpoint.
type route struct {
	version int
	kind    string
	flow    string
	person  string
}

// prefix is where the demo environment has the API.
const prefix = "/smart-id-rp"

// idSegment stands for the last segment of a path that ends with an identifier.
const idSegment = "{id}"

// routes are the endpoints by their pattern.
func routes() map[string]route {
	return map[string]route{
		"/v3/authentication/device-link/anonymous":               {3, kindAuth, byLink, anybody},
		"/v3/authentication/device-link/etsi/{id}":               {3, kindAuth, byLink, identifier},
		"/v3/authentication/device-link/document/{id}":           {3, kindAuth, byLink, document},
		"/v3/authentication/notification/etsi/{id}":              {3, kindAuth, byNotification, identifier},
		"/v3/authentication/notification/document/{id}":          {3, kindAuth, byNotification, document},
		"/v3/signature/device-link/etsi/{id}":                    {3, kindSign, byLink, identifier},
		"/v3/signature/device-link/document/{id}":                {3, kindSign, byLink, document},
		"/v3/signature/notification/etsi/{id}":                   {3, kindSign, byNotification, identifier},
		"/v3/signature/notification/document/{id}":               {3, kindSign, byNotification, document},
		"/v3/signature/notification/linked/{id}":                 {3, kindSign, byLinked, document},
		"/v3/signature/certificate/{id}":                         {3, kindCertificate, "", document},
		"/v3/signature/certificate-choice/device-link/anonymous": {3, kindCert, byLink, anybody},
		"/v3/signature/certificate-choice/notification/etsi/{id}": {3, kindCert, byNotification,
			identifier},
		"/v3/session/{id}":                    {3, kindSession, "", anybody},
		"/v2/authentication/etsi/{id}":        {2, kindAuth, byNotification, identifier},
		"/v2/authentication/document/{id}":    {2, kindAuth, byNotification, document},
		"/v2/signature/etsi/{id}":             {2, kindSign, byNotification, identifier},
		"/v2/signature/document/{id}":         {2, kindSign, byNotification, document},
		"/v2/certificatechoice/etsi/{id}":     {2, kindCert, byNotification, identifier},
		"/v2/certificatechoice/document/{id}": {2, kindCert, byNotification, document},
		"/v2/session/{id}":                    {2, kindSession, "", anybody},
	}
}

// match finds the endpoint of a path and the identifier at its end.
func match(table map[string]route, path string) (pattern, id string, r route, ok bool) {
	path = strings.TrimPrefix(path, prefix)
	if r, ok = table[path]; ok && !strings.HasSuffix(path, idSegment) {
		return path, "", r, true
	}
	i := strings.LastIndexByte(path, '/')
	if i < 0 || path[i+1:] == "" {
		return "", "", route{}, false
	}
	pattern, id = path[:i+1]+idSegment, path[i+1:]
	if r, ok = table[pattern]; !ok {
		return "", "", route{}, false
	}
	return pattern, id, r, true
}
