using System.Net;
using Torchyard.Mirror.Store;
using Torchyard.Mirror.Watching;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Documents;
using Torchyard.Registry.Errors;

namespace Torchyard.Mirror.Upstreams;

/// <summary>
/// Manifests of other registries: each is asked for once at a time. What a tag stands for is believed for a while; a registry that does not
/// answer leaves what is there.
/// </summary>
/// <param name="store">Where they go.</param>
/// <param name="settings">How long a tag is believed.</param>
/// <param name="counters">Counts failures.</param>
/// <param name="stop">The end of the mirror.</param>
internal sealed class UpstreamManifests(MirrorStore store, MirrorSettings settings, Counters counters, CancellationToken stop)
{
    // Whoever waits for an image that is here does not wait for a slow registry for longer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task<ContentDigest>> _running = new(StringComparer.Ordinal);

    /// <summary>What a tag of a repository stands for.</summary>
    /// <exception cref="TorchyardException">The registry refuses it, or does not answer, and it is not here.</exception>
    public async Task<FoundManifest> OfTagAsync(UpstreamRepository upstream, string tag, CancellationToken cancellation)
    {
        var known =
            store.Repositories.TagOf(upstream.Repository, tag) is { } link
            && store.Repositories.TypeOf(upstream.Repository, link.Digest) is not null
            && store.Blobs.SizeOf(link.Digest) is not null
                ? link
                : null;
        if (known is not null && settings.Clock.GetUtcNow() - known.Checked < settings.TagAge)
        {
            return new FoundManifest(known.Digest, IsStale: false);
        }

        if (upstream.Upstream.IsGone)
        {
            return Stale(upstream, tag, known, "it did not answer a moment ago")
                ?? throw RegistryErrors.Failed(upstream.Registry, $"{upstream.Name}:{tag}", "it did not answer a moment ago");
        }

        var asked = Once($"{upstream.Repository}:{tag}", () => AskAsync(upstream, tag, known));
        try
        {
            var digest = known is null
                ? await asked.WaitAsync(cancellation)
                : await asked.WaitAsync(Patience, settings.Clock, cancellation);
            return new FoundManifest(digest, IsStale: false);
        }
        catch (TorchyardException failure) when (!IsRefusal(failure))
        {
            if (Stale(upstream, tag, known, failure.Message) is { } stale)
            {
                return stale;
            }

            throw;
        }
        catch (TimeoutException) when (known is not null)
        {
            return Stale(upstream, tag, known, $"no answer in {Patience.TotalSeconds:0} s")!;
        }
    }

    /// <summary>Fetches a manifest by its digest, unless it is there.</summary>
    /// <exception cref="TorchyardException">The registry refuses it, or does not answer.</exception>
    public async Task FetchAsync(UpstreamRepository upstream, ContentDigest digest, CancellationToken cancellation)
    {
        if (store.Repositories.TypeOf(upstream.Repository, digest) is not null && store.Blobs.SizeOf(digest) is not null)
        {
            return;
        }

        if (upstream.Upstream.IsGone)
        {
            throw RegistryErrors.Failed(upstream.Registry, $"{upstream.Name}@{digest}", "it did not answer a moment ago");
        }

        await Once($"{upstream.Repository}@{digest}", () => GetAsync(upstream, digest.ToString(), digest)).WaitAsync(cancellation);
    }

    private static bool IsRefusal(TorchyardException failure) => failure.Code is RegistryCodes.NotFound or RegistryCodes.Denied;

    private FoundManifest? Stale(UpstreamRepository upstream, string tag, TagLink? known, string why)
    {
        if (known is null)
        {
            return null;
        }

        counters.Stale();
        settings.Log($"{upstream.Repository}:{tag} is served as it was at {known.Checked:u}: {why}");
        return new FoundManifest(known.Digest, IsStale: true);
    }

    private Task<ContentDigest> Once(string key, Func<Task<ContentDigest>> ask)
    {
        lock (_gate)
        {
            if (_running.TryGetValue(key, out var running))
            {
                return running;
            }

            var task = Task.Run(ask, CancellationToken.None);
            _running[key] = task;
            task.ContinueWith(
                done =>
                {
                    // Observed here too: nobody may wait for it any more.
                    _ = done.Exception;
                    lock (_gate)
                    {
                        _running.Remove(key);
                    }
                },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
            return task;
        }
    }

    private async Task<ContentDigest> AskAsync(UpstreamRepository upstream, string tag, TagLink? known)
    {
        // A look counts for nothing where fetches are counted (Docker Hub), and has no body.
        if (known is not null && await LookAsync(upstream, tag) == known.Digest.ToString())
        {
            store.Repositories.SetTag(upstream.Repository, tag, known.Digest);
            return known.Digest;
        }

        var digest = await GetAsync(upstream, tag, null);
        store.Repositories.SetTag(upstream.Repository, tag, digest);
        return digest;
    }

    private async Task<string?> LookAsync(UpstreamRepository upstream, string tag)
    {
        try
        {
            var connection = await upstream.ConnectAsync(stop);
            using var response = await connection.SendAsync(
                new RegistryRequest(
                    HttpMethod.Head,
                    connection.At(upstream.Name, $"manifests/{tag}"),
                    $"the manifest of {upstream.Registry}/{upstream.Name}:{tag}"
                )
                {
                    Scopes = RegistryRequest.Pull(upstream.Name),
                    Prepare = message => message.Headers.TryAddWithoutValidation("Accept", ForeignTypes.Accepted),
                },
                stop
            );
            // Some do not say it; then it is fetched.
            return response.StatusCode == HttpStatusCode.OK && response.Headers.TryGetValues("Docker-Content-Digest", out var said)
                ? said.FirstOrDefault()
                : null;
        }
        catch (TorchyardException failure)
        {
            Note(upstream, failure);
            throw;
        }
    }

    private async Task<ContentDigest> GetAsync(UpstreamRepository upstream, string wanted, ContentDigest? named)
    {
        try
        {
            var connection = await upstream.ConnectAsync(stop);
            var fetched = await new ManifestClient(connection, upstream.Name).GetAsync(wanted, stop);
            counters.Fetched(upstream.Registry, fetched.Content.Length);
            var digest = ContentDigest.Of(fetched.Content, named?.IsLong ?? false);
            var (content, problem) = ManifestContent.Read(fetched.Content);
            if (content is null)
            {
                throw RegistryErrors.NotARegistry(connection.Registry, $"the manifest {wanted}", problem!);
            }

            if (named is { } right && right != digest)
            {
                throw RegistryErrors.WrongContent(connection.Registry, $"the manifest {wanted}", $"it is {digest}");
            }

            lock (store.Linking)
            {
                store.AddManifest(upstream.Repository, fetched.Content, digest, fetched.MediaType, content);
            }

            return digest;
        }
        catch (TorchyardException failure)
        {
            Note(upstream, failure);
            throw;
        }
    }

    private void Note(UpstreamRepository upstream, TorchyardException failure)
    {
        if (IsRefusal(failure))
        {
            return;
        }

        counters.Failed(upstream.Registry);
        if (failure.Code is RegistryCodes.Unreachable or RegistryCodes.Failed)
        {
            upstream.Upstream.Gone();
        }
    }
}

/// <summary>A manifest that is in the store.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="IsStale">True when the registry could not be asked whether that is so still.</param>
internal sealed record FoundManifest(ContentDigest Digest, bool IsStale);
