using Torchyard.Mirror.Requests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Credentials;

namespace Torchyard.Mirror.Upstreams;

/// <summary>A registry that the mirror fetches from, with its logins.</summary>
internal sealed class UpstreamRegistry : IDisposable
{
    private const int MostConnections = 64;

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Lazy<Task<RegistryConnection>>> _connections = new(StringComparer.Ordinal);
    private readonly List<RegistryConnection> _retired = [];
    private readonly RegistrySettings _settings;
    private readonly TimeProvider _clock;
    private DateTimeOffset _goneUntil;

    /// <summary>Makes one; nothing is asked yet.</summary>
    /// <param name="name">Its host, and port; <c>http://</c> before it for one without TLS.</param>
    /// <param name="logins">Logins.</param>
    /// <param name="proxy">The proxy.</param>
    /// <param name="clock">The clock.</param>
    public UpstreamRegistry(string name, KnownLogins logins, System.Net.IWebProxy? proxy, TimeProvider clock)
    {
        _clock = clock;
        const string Plain = "http://";
        var isPlain = name.StartsWith(Plain, StringComparison.Ordinal);
        Name = isPlain ? name[Plain.Length..] : name;
        First = Names.OfUpstream(Name);
        _settings = new RegistrySettings
        {
            Logins = logins,
            Proxy = proxy,
            PlainHttp = isPlain,
            Retry = new RetryPolicy { Tries = 4, FirstPause = TimeSpan.FromMilliseconds(200) },
        };
    }

    /// <summary>Its name, as containerd sends it.</summary>
    public string Name { get; }

    /// <summary>First part of the names of its repositories here.</summary>
    public string First { get; }

    /// <summary>True for some seconds after it did not answer: nobody waits for it then.</summary>
    public bool IsGone
    {
        get
        {
            lock (_gate)
            {
                return _clock.GetUtcNow() < _goneUntil;
            }
        }
    }

    /// <summary>Says that it did not answer.</summary>
    public void Gone()
    {
        lock (_gate)
        {
            _goneUntil = _clock.GetUtcNow() + Rest;
        }
    }

    /// <summary>A connection for a repository, whose login may be its own.</summary>
    /// <exception cref="TorchyardException">It cannot be reached.</exception>
    public async Task<RegistryConnection> ConnectAsync(string repository, CancellationToken cancellation)
    {
        Lazy<Task<RegistryConnection>> connection;
        lock (_gate)
        {
            if (!_connections.TryGetValue(repository, out connection!))
            {
                if (_connections.Count == MostConnections)
                {
                    var (old, opened) = _connections.First();
                    _connections.Remove(old);
                    if (opened is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
                    {
                        // Somebody may still use it: it goes with the registry.
                        _retired.Add(opened.Value.Result);
                    }
                }

                connection = new Lazy<Task<RegistryConnection>>(() =>
                    RegistryConnection.OpenAsync(Name, repository, _settings, null, CancellationToken.None)
                );
                _connections[repository] = connection;
            }
        }

        try
        {
            return await connection.Value.WaitAsync(cancellation);
        }
        catch (TorchyardException)
        {
            lock (_gate)
            {
                if (_connections.GetValueOrDefault(repository) == connection)
                {
                    _connections.Remove(repository);
                }
            }

            throw;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var connection in _connections.Values)
        {
            if (connection is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            {
                connection.Value.Result.Dispose();
            }
        }

        _retired.ForEach(connection => connection.Dispose());
    }
}

/// <summary>A repository of such a registry.</summary>
/// <param name="Upstream">The registry.</param>
/// <param name="Name">Its name there.</param>
internal sealed record UpstreamRepository(UpstreamRegistry Upstream, string Name)
{
    /// <summary>Its name here.</summary>
    public string Repository => $"{Upstream.First}/{Name}";

    /// <summary>The registry's name.</summary>
    public string Registry => Upstream.Name;

    /// <summary>A connection to it.</summary>
    public Task<RegistryConnection> ConnectAsync(CancellationToken cancellation) => Upstream.ConnectAsync(Name, cancellation);
}
