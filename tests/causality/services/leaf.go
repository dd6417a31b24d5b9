// The end of every chain: answers with the path it was asked for, after a random time from a seed.
//
// Configured by PORT and SEED. The last segment of the path is a token that only the scorer reads. ?fail=1 answers 503,
// ?close=1 ends the connection after the answer.
package main

import (
	"fmt"
	"log"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	shortest = 500 * time.Microsecond
	longest  = 4 * time.Millisecond
)

// Delays are drawn by many goroutines from one seeded source.
type delays struct {
	mutex  sync.Mutex
	source *rand.Rand
}

func (d *delays) next() time.Duration {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return shortest + time.Duration(d.source.Int63n(int64(longest-shortest)))
}

func main() {
	seed, err := strconv.ParseInt(os.Getenv("SEED"), 10, 64)
	if err != nil {
		log.Fatal("SEED: ", err)
	}
	random := &delays{source: rand.New(rand.NewSource(seed))}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(random.next())
		asked := r.URL.Query()
		if asked.Get("close") == "1" {
			w.Header().Set("Connection", "close")
		}
		if asked.Get("fail") == "1" {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, r.URL.Path)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
