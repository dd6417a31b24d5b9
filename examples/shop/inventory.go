// The inventory service: how much of an item is there. PORT says where it listens, WORK_MS how long a look takes.
package main

import (
	"encoding/json"
	"hash/crc32"
	"log"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"time"
)

func env(name, fallback string) string {
	if value, set := os.LookupEnv(name); set {
		return value
	}
	return fallback
}

func main() {
	work, err := strconv.Atoi(env("WORK_MS", "4"))
	if err != nil {
		log.Fatal("WORK_MS: ", err)
	}
	http.HandleFunc("/stock/", func(w http.ResponseWriter, r *http.Request) {
		item := path.Base(r.URL.Path)
		time.Sleep(time.Duration(work) * time.Millisecond)
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"item": item, "stock": crc32.ChecksumIEEE([]byte(item)) % 100})
	})
	log.Fatal(http.ListenAndServe(net.JoinHostPort("127.0.0.1", env("PORT", "8082")), nil))
}
