// Go's client: net/http. See README.md.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"
)

type result struct {
	LatenciesUs []int64 `json:"latencies_us"`
	Failed      int     `json:"failed"`
	Changed     int     `json:"changed"`
}

func call(client *http.Client, url, hash string, body []byte) (int, []byte, error) {
	method, reader := http.MethodGet, io.Reader(nil)
	if len(body) > 0 {
		method, reader = http.MethodPost, bytes.NewReader(body)
	}
	request, err := http.NewRequest(method, url, reader)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("X-Hash", hash)
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	received, err := io.ReadAll(answer.Body)
	return answer.StatusCode, received, err
}

func main() {
	if len(os.Args) != 7 {
		log.Fatal("usage: client KIND URL COUNT BODY_FILE HASH KEEP")
	}
	url, hash := os.Args[2], os.Args[5]
	count, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	body, err := os.ReadFile(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: os.Args[6] != "1"}, Timeout: time.Minute}
	var r result
	for i := 0; i < count; i++ {
		begin := time.Now()
		status, received, err := call(client, url, hash, body)
		r.LatenciesUs = append(r.LatenciesUs, time.Since(begin).Microseconds())
		if err != nil || status != http.StatusOK {
			r.Failed++
			fmt.Fprintln(os.Stderr, status, err)
		} else if !bytes.Equal(received, body) {
			r.Changed++
		}
	}
	json.NewEncoder(os.Stdout).Encode(r)
}
