using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Torchyard.Mirror.Store;
using Torchyard.Mirror.Upstreams;
using Torchyard.Mirror.Watching;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Credentials;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Mirror.Serving;

/// <summary>A mirror that serves: Kestrel, and nothing of ASP.NET around it.</summary>
internal sealed class MirrorServer : IAsyncDisposable
{
    // How often the quota is looked at, and after how many looks everything is read to find what nothing links.
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);
    private const int LooksUntilAll = 10;

    private readonly MirrorParts _parts;
    private readonly WebApplication _application;
    private readonly CancellationTokenSource _stop;
    private Task _collecting = Task.CompletedTask;

    private MirrorServer(MirrorParts parts, WebApplication application, CancellationTokenSource stop) =>
        (_parts, _application, _stop) = (parts, application, stop);

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>What it is made of.</summary>
    internal MirrorParts Parts => _parts;

    /// <summary>Starts one.</summary>
    /// <param name="settings">What it holds to.</param>
    /// <param name="logins">Logins for other registries.</param>
    /// <param name="proxy">The proxy to them.</param>
    /// <param name="cancellation">Ends the start.</param>
    /// <exception cref="TorchyardException">TY6040 to TY6044: it cannot serve so.</exception>
    public static async Task<MirrorServer> StartAsync(
        MirrorSettings settings,
        KnownLogins logins,
        System.Net.IWebProxy? proxy,
        CancellationToken cancellation
    )
    {
        var options = settings.Options;
        options.Require();
        var certificates = ReadCertificates(options);
        var store = MirrorStore.TryOpen(options.Root, settings.Clock) ?? throw MirrorErrors.Busy(options.Root);
        var stop = new CancellationTokenSource();
        try
        {
            var counters = new Counters(settings.Clock);
            var upstreams = options.Upstreams.Select(name => new UpstreamRegistry(name, logins, proxy, settings.Clock)).ToList();
            upstreams.ForEach(upstream => store.Repositories.MarkUpstream(upstream.First));
            var parts = new MirrorParts
            {
                Store = store,
                Settings = settings,
                Counters = counters,
                Fetches = new Fetches(store, settings, counters, stop.Token),
                Manifests = new UpstreamManifests(store, settings, counters, stop.Token),
                Upstreams = upstreams,
            };
            var server = new MirrorServer(parts, Build(options, certificates), stop);
            await server.ListenAsync(options, cancellation);
            return server;
        }
        catch
        {
            store.Dispose();
            stop.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        using (var soon = new CancellationTokenSource(TimeSpan.FromSeconds(5)))
        {
            await _application.StopAsync(soon.Token);
        }

        await _application.DisposeAsync();
        await _parts.Fetches.EndAsync();
        await _collecting;
        foreach (var upstream in _parts.Upstreams)
        {
            upstream.Dispose();
        }

        _parts.Store.Dispose();
        _stop.Dispose();
    }

    private static WebApplication Build(MirrorOptions options, X509Certificate2Collection? certificates)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        if (certificates is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // The registry's own limits are those of blobs and manifests.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxConcurrentConnections = 4096;
            kestrel.Limits.MaxResponseBufferSize = 256 << 10;
            kestrel.Listen(options.Listen, Configure);
            if (options.DockerListen is { } docker)
            {
                kestrel.Listen(docker, Configure);
            }

            void Configure(ListenOptions listen)
            {
                // Several connections carry large blobs faster than one with several streams, and all clients speak it.
                listen.Protocols = HttpProtocols.Http1;
                if (certificates is not null)
                {
                    listen.UseHttps(
                        new HttpsConnectionAdapterOptions
                        {
                            ServerCertificate = certificates[0],
                            ServerCertificateChain = certificates,
                            SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                        }
                    );
                }
            }
        });
        return builder.Build();
    }

    private static X509Certificate2Collection? ReadCertificates(MirrorOptions options)
    {
        if (options.Certificate is not { } file || options.Key is not { } key)
        {
            return null;
        }

        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(file);
            using var own = X509Certificate2.CreateFromPemFile(file, key);
            // With the key in a form that TLS takes wherever the first one came from.
            all[0] = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null);
            return all;
        }
        catch (Exception failure)
            when (failure is System.Security.Cryptography.CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw MirrorErrors.BadCertificate(file, failure.Message.TrimEnd('.'));
        }
    }

    private async Task ListenAsync(MirrorOptions options, CancellationToken cancellation)
    {
        var handler = new RegistryHandler(_parts);
        _application.Run(handler.HandleAsync);
        try
        {
            await _application.StartAsync(cancellation);
        }
        catch (IOException failure)
        {
            throw MirrorErrors.CannotListen(options.Listen.ToString(), failure);
        }

        var address = _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        _ = Platform.Text.UrlText.TryRead(address, out var url);
        Address = url!;
        _collecting = CollectAsync();
    }

    private async Task CollectAsync()
    {
        var (store, settings) = (_parts.Store, _parts.Settings);
        var collector = new Collector(store, settings.Clock, settings.Options.Quota);
        using var timer = new PeriodicTimer(BetweenLooks, settings.Clock);
        try
        {
            for (
                var looks = 1;
                settings is { Collects: true, Options.IsReadOnly: false } && await timer.WaitForNextTickAsync(_stop.Token);
                looks++
            )
            {
                var isOver = settings.Options.Quota is { } quota && store.Blobs.Bytes > quota;
                if ((isOver || looks % LooksUntilAll == 0) && collector.Run() is > 0 and var freed)
                {
                    _parts.Counters.Evicted(freed);
                    settings.Log($"removed {freed} bytes that nothing links, or that were not used for the longest time");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            settings.Log($"what is not needed cannot be removed: {failure.Message}");
        }
    }
}
