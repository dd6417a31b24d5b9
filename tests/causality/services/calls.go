// Go's HTTP server and its pooling client. Configured by PORT, NEXT and BACKGROUND; the paths are those of blocking.py.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	workers = 16
	few     = 4 // connections of the client that has too few
)

var (
	next  = os.Getenv("NEXT")
	many  = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 400}}
	tight = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: few, MaxConnsPerHost: few}}
	lock  sync.Mutex
	tasks = make(chan task, 1024)
)

// A task is work for one of the worker goroutines; done is closed at its end.
type task struct {
	token string
	calls int
	done  chan struct{}
}

func get(client *http.Client, token, query string) {
	answer, err := client.Get(next + "/" + token + query)
	if err != nil {
		log.Print(err)
		return
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}

func sequential(token string, calls int) {
	for i := 0; i < calls; i++ {
		get(many, token, "")
	}
}

func parallel(token string, calls int) {
	var all sync.WaitGroup
	for i := 0; i < calls; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			get(many, token, "")
		}()
	}
	all.Wait()
}

func afterTimer(token string, calls int) {
	for i := 0; i < calls; i++ {
		time.Sleep(time.Millisecond + time.Duration(rand.Int63n(int64(3*time.Millisecond))))
		get(many, token, "")
	}
}

func work() {
	for one := range tasks {
		sequential(one.token, one.calls)
		close(one.done)
	}
}

func submit(token string, calls int) chan struct{} {
	done := make(chan struct{})
	tasks <- task{token, calls, done}
	return done
}

func pool(token string, calls int) {
	for i := 0; i < calls; i++ {
		<-submit(token, 1)
	}
}

func futures(token string, calls int) {
	var waiting []chan struct{}
	for i := 0; i < calls; i++ {
		waiting = append(waiting, submit(token, 1))
	}
	for _, done := range waiting {
		<-done
	}
}

func retry(token string, calls int) {
	for i := 1; i < calls; i++ {
		get(many, token, "?fail=1")
	}
	get(many, token, "")
}

func locked(token string, calls int) {
	for i := 0; i < calls; i++ {
		get(many, token, "")
		lock.Lock()
		for end := time.Now().Add(300 * time.Microsecond); time.Now().Before(end); {
		}
		lock.Unlock()
	}
}

// A pipeline is a connection that all goroutines share: each writes its own request, one goroutine reads all replies,
// which come in the order of the requests.
type pipeline struct {
	conn    net.Conn
	host    string
	mutex   sync.Mutex // requests are written in the order in which their callers wait
	waiting chan chan *http.Response
}

func (p *pipeline) get(path string) {
	reply := make(chan *http.Response, 1)
	p.mutex.Lock()
	p.waiting <- reply
	_, err := fmt.Fprintf(p.conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, p.host)
	p.mutex.Unlock()
	if err != nil {
		log.Print(err)
		return
	}
	<-reply
}

func (p *pipeline) read() {
	replies := bufio.NewReader(p.conn)
	for reply := range p.waiting {
		answer, err := http.ReadResponse(replies, nil)
		if err != nil {
			log.Fatal(err)
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		reply <- answer
	}
}

var shared = sync.OnceValue(func() *pipeline {
	following, err := url.Parse(next)
	if err != nil {
		log.Fatal(err)
	}
	conn, err := net.Dial("tcp", following.Host)
	if err != nil {
		log.Fatal(err)
	}
	p := &pipeline{conn: conn, host: following.Host, waiting: make(chan chan *http.Response, 1024)}
	go p.read()
	return p
})

func multiplexed(token string, calls int) {
	following, err := url.Parse(next)
	if err != nil {
		log.Fatal(err)
	}
	for i := 0; i < calls; i++ {
		shared().get(following.Path + "/" + token)
	}
}

func repeat(client *http.Client, query string) func(string, int) {
	return func(token string, calls int) {
		for i := 0; i < calls; i++ {
			get(client, token, query)
		}
	}
}

var shapes = map[string]func(string, int){
	"seq":         sequential,
	"par":         parallel,
	"timer":       afterTimer,
	"pool":        pool,
	"futures":     futures,
	"queue":       func(token string, calls int) { <-submit(token, calls) },
	"forget":      func(token string, calls int) { go sequential(token, calls) },
	"retry":       retry,
	"lock":        locked,
	"saturated":   repeat(tight, ""),
	"multiplexed": multiplexed,
	"reuse":       repeat(many, "?close=1"),
}

func inTheBackground(name int) {
	for number := 0; ; number++ {
		get(many, fmt.Sprintf("background-%d-%d", name, number), "")
		time.Sleep(10 * time.Millisecond)
	}
}

func handle(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(r.URL.Path, "/")
	if len(parts) != 4 || shapes[parts[1]] == nil {
		http.NotFound(w, r)
		return
	}
	calls, err := strconv.Atoi(parts[2])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	shapes[parts[1]](parts[3], calls)
	fmt.Fprintln(w, r.URL.Path)
}

func main() {
	for i := 0; i < workers; i++ {
		go work()
	}
	if os.Getenv("BACKGROUND") == "1" {
		for i := 0; i < 2; i++ {
			go inTheBackground(i)
		}
	}
	http.HandleFunc("/", handle)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
