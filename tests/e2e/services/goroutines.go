// What goroutines do with requests: /WAY/TOKEN answers when its calls are made, see `ways`.
//
// usage: goroutines PORT URL_TO_CALL
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	fan      = 3
	idle     = 50 * time.Millisecond // after which a worker ends
	most     = 8                     // workers
	lingers  = 30 * time.Millisecond // a request that waits for its task
	tooFew   = 2                     // connections
	pause    = time.Millisecond
	deadline = 5 * time.Second
)

var (
	leaf   string
	client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	tight  = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: tooFew, MaxConnsPerHost: tooFew}}
	timed  = &http.Client{Timeout: deadline}
	tasks  = make(chan task, 1024)
	grown  atomic.Int32
)

type task struct {
	token string
	done  chan struct{}
}

func call(client *http.Client, token string) {
	answer, err := client.Get(leaf + "/leaf/" + token)
	if err != nil {
		log.Fatal(err)
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}

func chain(client *http.Client) func(string) {
	return func(token string) {
		for i := 0; i < fan; i++ {
			call(client, token)
		}
	}
}

func fanOut(token string) {
	var all sync.WaitGroup
	for i := 0; i < fan; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			time.Sleep(pause)
			call(client, token)
		}()
	}
	all.Wait()
}

// Goroutines that start goroutines.
func nested(token string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fanOut(token)
	}()
	<-done
}

// A connection of one's own, written by the goroutine that serves.
func raw(token string) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(leaf, "http://"))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /leaf/%s HTTP/1.1\r\nHost: leaf\r\nConnection: close\r\n\r\n", token)
	bufio.NewReader(conn).ReadString('\n')
}

// A pool that grows while it serves: what a worker finds first may be another request's.
func pooled(token string) {
	one := task{token, make(chan struct{})}
	tasks <- one
	if grown.Add(1) <= most {
		go worker()
	} else {
		grown.Add(-1)
	}
	<-one.done
	time.Sleep(lingers)
}

func worker() {
	defer grown.Add(-1)
	for {
		select {
		case one := <-tasks:
			call(client, one.token)
			close(one.done)
		case <-time.After(idle):
			return
		}
	}
}

// The answer does not wait for the call.
func forget(token string) {
	go func() {
		time.Sleep(10 * pause)
		call(client, token)
	}()
}

var ways = map[string]func(string){
	"chain": chain(client), "saturated": chain(tight), "timed": chain(timed), "fan": fanOut, "nested": nested,
	"raw": raw, "pooled": pooled, "forget": forget,
}

func handle(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/")
	if len(parts) != 3 || ways[parts[1]] == nil {
		http.NotFound(w, r)
		return
	}
	ways[parts[1]](parts[2])
	fmt.Fprintln(w, r.URL.Path)
}

func main() {
	leaf = os.Args[2]
	http.HandleFunc("/", handle)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
