package collector

import (
	"bytes"
	"crypto/x509"
	"slices"
	"time"
)

// lives say how long certificates live and when the next one is made.
type lives struct {
	ca, serving time.Duration
	// announce is how long before its end an authority's successor joins the bundle, succeed when it begins to sign.
	// Between them lies the longest life of a pod that knows only the older bundle.
	announce, succeed time.Duration
}

var defaultLives = lives{
	ca: 10 * 365 * day, serving: 90 * day, announce: 2 * 365 * day, succeed: 365 * day,
}

const day = 24 * time.Hour

// Keys of the Secret.
const (
	keyServingCert = "tls.crt"
	keyServingKey  = "tls.key"
	keyBundle      = "ca.crt" // what reporters trust: the authority that signs first
	keyCAKey       = "ca.key"
	keyNextCert    = "next-ca.crt"
	keyNextKey     = "next-ca.key"
)

// authority is the content of the Secret.
type authority struct {
	ca, next *pair
	old      []*x509.Certificate // authorities that still may have signed something
	serving  *pair
}

// readAuthority reads the Secret. What cannot be read is missing, and is made anew.
func readAuthority(data map[string][]byte) authority {
	var a authority
	a.ca, _ = readPair(data[keyBundle], data[keyCAKey])
	a.next, _ = readPair(data[keyNextCert], data[keyNextKey])
	a.serving, _ = readPair(data[keyServingCert], data[keyServingKey])
	if bundle := readCerts(data[keyBundle]); a.ca != nil {
		a.old = slices.DeleteFunc(bundle[1:], func(c *x509.Certificate) bool {
			return a.next != nil && c.Equal(a.next.cert)
		})
	}
	return a
}

// data is the Secret's content.
func (a authority) data() (map[string][]byte, error) {
	data := map[string][]byte{keyBundle: a.bundle(), keyServingCert: a.serving.certPEM()}
	keys := map[string]*pair{keyServingKey: a.serving, keyCAKey: a.ca}
	if a.next != nil {
		data[keyNextCert], keys[keyNextKey] = a.next.certPEM(), a.next
	}
	for name, p := range keys {
		pem, err := p.keyPEM()
		if err != nil {
			return nil, err
		}
		data[name] = pem
	}
	return data, nil
}

// bundle are all certificates that reporters are to trust.
func (a authority) bundle() []byte {
	all := [][]byte{a.ca.certPEM()}
	if a.next != nil {
		all = append(all, a.next.certPEM())
	}
	for _, c := range a.old {
		all = append(all, certPEM(c))
	}
	return bytes.Join(all, nil)
}

// renewed is the authority as it should be now, and whether that is another.
func (a authority) renewed(l lives, names []string, now time.Time) (authority, bool, error) {
	var err error
	changed := false
	if a.ca == nil || !now.Before(a.ca.cert.NotAfter) {
		a.next, changed = nil, true
		if a.ca, err = newCA(now, l.ca); err != nil {
			return a, false, err
		}
	}
	if left := a.ca.cert.NotAfter.Sub(now); a.next == nil && left < l.announce {
		changed = true
		if a.next, err = newCA(now, l.ca); err != nil {
			return a, false, err
		}
	} else if a.next != nil && left < l.succeed {
		a.old = append(a.old, a.ca.cert)
		a.ca, a.next, changed = a.next, nil, true
	}
	before := len(a.old)
	a.old = slices.DeleteFunc(slices.Clone(a.old), func(c *x509.Certificate) bool { return !now.Before(c.NotAfter) })
	changed = changed || len(a.old) != before
	if !a.serves(names, now) {
		changed = true
		if a.serving, err = newServing(a.ca, names, now, l.serving); err != nil {
			return a, false, err
		}
	}
	return a, changed, nil
}

// serves reports whether the serving certificate is of this authority, for these names, and in the first two thirds of
// its life.
func (a authority) serves(names []string, now time.Time) bool {
	if a.serving == nil {
		return false
	}
	c := a.serving.cert
	return c.CheckSignatureFrom(a.ca.cert) == nil && slices.Equal(c.DNSNames, names) && now.Before(renewalOf(c))
}

func renewalOf(c *x509.Certificate) time.Time {
	return c.NotBefore.Add(c.NotAfter.Sub(c.NotBefore) * 2 / 3)
}
