<?php
// PHP's clients: the curl extension, and the language's own streams (which never keep a connection). See README.md.
[, $kind, $url, $count, $body_file, $hash, $keep] = $argv;
$body = file_get_contents($body_file);
$headers = ["X-Hash: $hash", 'Content-Type: application/octet-stream'];
if ($keep !== '1') {
    $headers[] = 'Connection: close';
}

function with_curl(CurlHandle $curl): array
{
    $answer = curl_exec($curl);
    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $answer];
}

function with_streams(string $url, array $headers, string $body): array
{
    $options = ['method' => $body === '' ? 'GET' : 'POST', 'header' => $headers, 'content' => $body];
    $answer = file_get_contents($url, false, stream_context_create(['http' => $options + ['protocol_version' => '1.1']]));
    return [$answer === false ? 0 : (int) explode(' ', $http_response_header[0])[1], $answer];
}

$curl = curl_init($url);
curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_HTTPHEADER => $headers, CURLOPT_PROXY => '']);
if ($body !== '') {
    curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
}
$result = ['latencies_us' => [], 'failed' => 0, 'changed' => 0];
for ($i = 0; $i < (int) $count; ++$i) {
    $begin = hrtime(true);
    [$status, $answer] = $kind === 'curl' ? with_curl($curl) : with_streams($url, $headers, $body);
    $result['latencies_us'][] = intdiv(hrtime(true) - $begin, 1000);
    if ($status !== 200) {
        ++$result['failed'];
    } elseif ($answer !== $body) {
        ++$result['changed'];
    }
}
echo json_encode($result), "\n";
