using System.Collections.Concurrent;

namespace Torchyard.Mirror.Watching;

/// <summary>What a mirror did since it began.</summary>
internal sealed class Counters(TimeProvider clock)
{
    private const int MostClients = 1000;
    private const int Minutes = 60;

    private readonly ConcurrentDictionary<(string Method, int Status), long> _requests = new();
    private readonly ConcurrentDictionary<string, long> _fetched = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _failures = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ClientUse> _clients = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly MinuteUse[] _minutes = new MinuteUse[Minutes];
    private long _sent;
    private long _received;
    private long _hits;
    private long _misses;
    private long _joined;
    private long _stale;
    private long _evicted;

    /// <summary>When it began.</summary>
    public DateTimeOffset Began { get; } = clock.GetUtcNow();

    /// <summary>Answers by method and status.</summary>
    public IEnumerable<KeyValuePair<(string Method, int Status), long>> Requests => _requests;

    /// <summary>Bytes fetched by registry.</summary>
    public IEnumerable<KeyValuePair<string, long>> FetchedBytes => _fetched;

    /// <summary>Failures by registry.</summary>
    public IEnumerable<KeyValuePair<string, long>> Failures => _failures;

    /// <summary>Bytes of blobs that clients got.</summary>
    public long SentBytes => Interlocked.Read(ref _sent);

    /// <summary>Bytes that clients sent.</summary>
    public long ReceivedBytes => Interlocked.Read(ref _received);

    /// <summary>Blobs that were there.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>Blobs that had to be fetched.</summary>
    public long Misses => Interlocked.Read(ref _misses);

    /// <summary>Blobs that were being fetched already.</summary>
    public long JoinedFetches => Interlocked.Read(ref _joined);

    /// <summary>Tags that were served as they were.</summary>
    public long StaleTags => Interlocked.Read(ref _stale);

    /// <summary>Bytes that were removed.</summary>
    public long EvictedBytes => Interlocked.Read(ref _evicted);

    /// <summary>Clients, the most recent first.</summary>
    public IReadOnlyList<ClientUse> Clients => [.. _clients.Values.OrderByDescending(client => client.Seen)];

    /// <summary>An answer went out.</summary>
    public void Answered(string method, int status, string? client)
    {
        // A method is a word of the client: no more of them are kept than there are.
        var known = method is "GET" or "HEAD" or "PUT" or "POST" or "PATCH" or "DELETE" ? method : "other";
        _requests.AddOrUpdate((known, status), 1, static (_, count) => count + 1);
        if (client is not null)
        {
            Use(client, 0, 1);
        }
    }

    /// <summary>Bytes of a blob went to a client.</summary>
    public void Sent(string? client, long bytes)
    {
        Interlocked.Add(ref _sent, bytes);
        AddToMinute(bytes, 0);
        if (client is not null)
        {
            Use(client, bytes, 0);
        }
    }

    /// <summary>Bytes came from a registry.</summary>
    public void Fetched(string registry, long bytes)
    {
        _fetched.AddOrUpdate(registry, bytes, (_, before) => before + bytes);
        AddToMinute(0, bytes);
    }

    /// <summary>A registry failed.</summary>
    public void Failed(string registry) => _failures.AddOrUpdate(registry, 1, static (_, count) => count + 1);

    /// <summary>A client sent bytes.</summary>
    public void Received(long bytes) => Interlocked.Add(ref _received, bytes);

    /// <summary>A blob was there.</summary>
    public void Hit() => Interlocked.Increment(ref _hits);

    /// <summary>A blob had to be fetched.</summary>
    public void Missed() => Interlocked.Increment(ref _misses);

    /// <summary>A blob was being fetched.</summary>
    public void Joined() => Interlocked.Increment(ref _joined);

    /// <summary>A tag was served without asking.</summary>
    public void Stale() => Interlocked.Increment(ref _stale);

    /// <summary>Bytes were removed.</summary>
    public void Evicted(long bytes) => Interlocked.Add(ref _evicted, bytes);

    /// <summary>The last hour, a minute each, the oldest first.</summary>
    public IReadOnlyList<MinuteUse> LastHour()
    {
        var now = Minute();
        lock (_gate)
        {
            return
            [
                .. Enumerable
                    .Range(0, Minutes)
                    .Select(index => now - Minutes + 1 + index)
                    .Select(minute => _minutes[minute % Minutes] is var use && use.Minute == minute ? use : new MinuteUse(minute, 0, 0)),
            ];
        }
    }

    private long Minute() => clock.GetUtcNow().ToUnixTimeSeconds() / 60;

    private void AddToMinute(long sent, long fetched)
    {
        var minute = Minute();
        lock (_gate)
        {
            ref var use = ref _minutes[minute % Minutes];
            use =
                use.Minute == minute ? new MinuteUse(minute, use.Sent + sent, use.Fetched + fetched) : new MinuteUse(minute, sent, fetched);
        }
    }

    private void Use(string client, long bytes, long requests)
    {
        var now = clock.GetUtcNow();
        if (!_clients.ContainsKey(client) && _clients.Count >= MostClients && _clients.Values.MinBy(one => one.Seen) is { } oldest)
        {
            _clients.TryRemove(oldest.Address, out _);
        }

        _clients.AddOrUpdate(
            client,
            _ => new ClientUse(client, bytes, requests, now),
            (_, before) => new ClientUse(client, before.Bytes + bytes, before.Requests + requests, now)
        );
    }
}

/// <summary>What a minute saw.</summary>
/// <param name="Minute">Since 1970.</param>
/// <param name="Sent">Bytes to clients.</param>
/// <param name="Fetched">Bytes from registries.</param>
internal readonly record struct MinuteUse(long Minute, long Sent, long Fetched);

/// <summary>What a client got.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Bytes">Bytes of blobs.</param>
/// <param name="Requests">Requests.</param>
/// <param name="Seen">The last one.</param>
internal sealed record ClientUse(string Address, long Bytes, long Requests, DateTimeOffset Seen);
