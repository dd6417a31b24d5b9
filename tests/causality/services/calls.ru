# A Rack application for Puma, with Ruby's own client, a connection kept per thread: puma -t 16:16 calls.ru
#
# Configured by NEXT and BACKGROUND; the paths are those of blocking.py.
require 'net/http'

NEXT = URI(ENV.fetch('NEXT'))
LOCK = Mutex.new

def call(token, query = '')
  kept = Thread.current.thread_variable_get(:connection)
  unless kept
    kept = Net::HTTP.start(NEXT.host, NEXT.port)
    Thread.current.thread_variable_set(:connection, kept)
  end
  kept.get("#{NEXT.path}/#{token}#{query}")
end

def in_thread(&work)
  Thread.new do
    work.call
  ensure
    Thread.current.thread_variable_get(:connection)&.finish
  end
end

SHAPES = {
  'seq' => ->(token, calls) { calls.times { call(token) } },
  'par' => ->(token, calls) { Array.new(calls) { in_thread { call(token) } }.each(&:join) },
  'timer' => lambda do |token, calls|
    calls.times do
      sleep(rand(0.001..0.004))
      call(token)
    end
  end,
  'forget' => ->(token, calls) { in_thread { calls.times { call(token) } } },
  'retry' => lambda do |token, calls|
    (calls - 1).times { call(token, '?fail=1') }
    call(token)
  end,
  'lock' => lambda do |token, calls|
    calls.times do
      call(token)
      LOCK.synchronize { sleep(0.0003) }
    end
  end,
  'reuse' => ->(token, calls) { calls.times { call(token, '?close=1') } }
}.freeze

if ENV['BACKGROUND'] == '1'
  2.times do |name|
    Thread.new do
      (0..).each do |number|
        call("background-#{name}-#{number}")
        sleep(0.01)
      end
    end
  end
end

run(lambda do |env|
  path = env['PATH_INFO']
  _, shape, calls, token = path.split('/')
  SHAPES.fetch(shape).call(token, Integer(calls))
  [200, { 'Content-Type' => 'text/plain' }, ["#{path}\n"]]
end)
