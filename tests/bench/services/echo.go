// An HTTP server that gives each request's body back and keeps account of what arrived.
//
//	echo LISTEN CONTROL
//
// On LISTEN: /echo answers with the body; any other path does too, but with the path itself when there is no body. A
// request's X-Hash header (SHA-256 of the body, hex) is checked. On CONTROL: GET /take answers with the counts since the
// last time as JSON and sets them to zero; asking there is not counted.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"sync"
)

type counts struct {
	Requests   int `json:"requests"`
	Injected   int `json:"injected"`    // carried exactly one traceparent, a valid one
	BadContext int `json:"bad_context"` // carried several, or an invalid one
	BadBodies  int `json:"bad_bodies"`  // did not arrive whole, or with another hash than announced
}

var (
	mutex       sync.Mutex
	current     counts
	traceparent = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
)

func account(r *http.Request, body []byte, err error) {
	mutex.Lock()
	defer mutex.Unlock()
	current.Requests++
	if values := r.Header.Values("Traceparent"); len(values) == 1 && traceparent.MatchString(values[0]) {
		current.Injected++
	} else if len(values) > 0 {
		current.BadContext++
	}
	announced := r.Header.Get("X-Hash")
	hash := sha256.Sum256(body)
	if err != nil || (announced != "" && announced != hex.EncodeToString(hash[:])) {
		current.BadBodies++
	}
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	account(r, body, err)
	if len(body) == 0 && r.URL.Path != "/echo" {
		body = []byte(r.URL.Path)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func take(w http.ResponseWriter, _ *http.Request) {
	mutex.Lock()
	defer mutex.Unlock()
	json.NewEncoder(w).Encode(current)
	current = counts{}
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: echo LISTEN CONTROL")
	}
	control := http.NewServeMux()
	control.HandleFunc("/take", take)
	go func() { log.Fatal(http.ListenAndServe(os.Args[2], control)) }()
	log.Fatal(http.ListenAndServe(os.Args[1], http.HandlerFunc(echo)))
}
