#include "agent/conn/counters.h"

namespace clew::conn {

void AppendNamed(const ConnCounters& c, std::vector<NamedCounter>& out) {
  out.insert(
      out.end(),
      {
          {"conn_records", "Records of the kernel side that reached the connection stage",
           c.records},
          {"conn_malformed_records",
           "Records that are shorter than their type demands, or of no known type",
           c.malformed_records},
          {"conn_opened", "Connections that were tracked", c.opened},
          {"conn_without_open",
           "Connections whose first record was not their opening: no addresses are known",
           c.without_open},
          {"conn_closed", "Connections that ended with their close record", c.closed},
          {"conn_exited", "Connections that ended with the process that used them", c.exited},
          {"conn_expired", "Connections dropped because they were idle for too long", c.expired},
          {"conn_evicted", "Connections dropped to make room for new ones", c.evicted},
          {"conn_unrecognized", "Connections that speak no known protocol", c.unrecognized},
          {"conn_gap_bytes", "Stream bytes that no record told of", c.gap_bytes},
          {"conn_duplicate_bytes", "Stream bytes that were told of twice", c.duplicate_bytes},
          {"conn_ignored_bytes", "Bytes moved on connections without a protocol", c.ignored_bytes},
          {"conn_reordered", "Responses that were held until their request's record came",
           c.reordered},
          {"conn_over_buffer_limit", "Sessions abandoned because they kept too many bytes",
           c.over_buffer_limit},
      });
}

void AppendNamed(const protocols::ParseCounters& c, std::vector<NamedCounter>& out) {
  out.insert(out.end(),
             {
                 {"parse_gaps", "Gaps in the stream of a connection with a known protocol", c.gaps},
                 {"parse_resyncs", "Messages found again after a gap or garbage", c.resyncs},
                 {"parse_given_up",
                  "Connections abandoned because their messages could not be followed", c.given_up},
                 {"parse_not_this_protocol", "Connections that only looked like a known protocol",
                  c.not_this_protocol},
                 {"parse_head_too_long", "Message heads over the limit", c.head_too_long},
                 {"parse_orphan_responses", "Responses without a request", c.orphan_responses},
                 {"parse_partial_heads",
                  "Message heads that were cut short by a gap or the end of their connection",
                  c.partial_heads},
                 {"parse_truncated_heads", "Message heads of which only the beginning was captured",
                  c.truncated_heads},
             });
}

}  // namespace clew::conn
