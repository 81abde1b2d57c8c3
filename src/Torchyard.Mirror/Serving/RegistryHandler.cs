using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Torchyard.Mirror.Access;
using Torchyard.Mirror.Requests;
using Torchyard.Mirror.Store;
using Torchyard.Mirror.Upstreams;
using Torchyard.Mirror.Watching;

namespace Torchyard.Mirror.Serving;

/// <summary>Answers every request: who asks, what for, may they, and then the part that does it.</summary>
internal sealed class RegistryHandler
{
    private const string Hub = "docker.io";

    private readonly MirrorStore _store;
    private readonly MirrorSettings _settings;
    private readonly Counters _counters;
    private readonly Fetches _fetches;
    private readonly IReadOnlyList<UpstreamRegistry> _upstreams;
    private readonly Logins _logins;
    private readonly BlobAnswers _blobs;
    private readonly ManifestAnswers _manifests;
    private readonly UploadAnswers _uploads;
    private readonly ListAnswers _lists;

    public RegistryHandler(MirrorParts parts)
    {
        (_store, _settings, _counters) = (parts.Store, parts.Settings, parts.Counters);
        (_fetches, _upstreams) = (parts.Fetches, parts.Upstreams);
        var options = parts.Settings.Options;
        _logins = new Logins(options, parts.Settings.Clock, parts.Settings.Log);
        _blobs = new BlobAnswers(parts.Store, parts.Fetches, parts.Counters, options.IsReadOnly);
        _manifests = new ManifestAnswers(parts.Store, parts.Manifests, options.IsReadOnly);
        _uploads = new UploadAnswers(parts.Store, parts.Settings, parts.Counters);
        _lists = new ListAnswers(parts.Store);
    }

    /// <summary>Answers one.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await AnswerAsync(context);
        }
        catch (RefusedException refused) when (!context.Response.HasStarted)
        {
            await Answers.RefuseAsync(context, refused);
        }
        catch (Exception failure)
            when (failure is OperationCanceledException or BadHttpRequestException or IOException
                && context.RequestAborted.IsCancellationRequested
            )
        {
            // The client went away.
            context.Abort();
        }
        catch (BadHttpRequestException failure) when (!context.Response.HasStarted)
        {
            await Answers.RefuseAsync(context, new RefusedException(failure.StatusCode, "UNSUPPORTED", "the request cannot be read"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _settings.Log($"{context.Request.Method} {Path(context)}: {failure.Message}");
            if (context.Response.HasStarted)
            {
                context.Abort();
            }
            else
            {
                await Answers.RefuseAsync(context, new RefusedException(500, "UNKNOWN", "the mirror cannot read or write its files"));
            }
        }
        finally
        {
            _counters.Answered(context.Request.Method, context.Response.StatusCode, context.Connection.RemoteIpAddress?.ToString());
        }
    }

    private static string Path(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? target : target[..query];
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var target = Path(context);
        if (target == "/healthz")
        {
            await Answers.SendAsync(context, StatusCodes.Status200OK, "{\"status\":\"ok\"}\n"u8.ToArray(), Answers.Json);
            return;
        }

        var path = RegistryPath.Parse(target);
        if (path.Endpoint == RegistryEndpoint.None)
        {
            await AnswerPersonAsync(context, target);
            return;
        }

        context.Response.Headers["Docker-Distribution-API-Version"] = "registry/2.0";
        var rights = Authorize(context);
        var method = context.Request.Method;
        if (path.Endpoint == RegistryEndpoint.Base)
        {
            // Clients look here whether they have to send what they have: those with a token say so before they push.
            if (rights.Token is null && rights.Anonymous != Torchyard.Registry.Mirrors.MirrorAccess.Write)
            {
                throw Challenged(context);
            }

            await Answers.SendAsync(context, StatusCodes.Status200OK, "{}"u8.ToArray(), Answers.Json);
            return;
        }

        var (repository, upstream) = path.Endpoint == RegistryEndpoint.Catalog ? ("", null) : RepositoryOf(context, path);
        var exchange = new Exchange
        {
            Http = context,
            Path = path,
            Repository = repository,
            Upstream = upstream,
            Rights = rights,
        };
        Permit(exchange, method);
        await (
            (path.Endpoint, IsRead(method) ? "GET" : method) switch
            {
                (RegistryEndpoint.Catalog, "GET") => _lists.CatalogAsync(exchange),
                (RegistryEndpoint.Tags, "GET") => _lists.TagsAsync(exchange),
                (RegistryEndpoint.Referrers, "GET") => _lists.ReferrersAsync(exchange),
                (RegistryEndpoint.Manifest, "GET") => _manifests.SendAsync(exchange),
                (RegistryEndpoint.Manifest, "PUT") => _manifests.TakeAsync(exchange),
                (RegistryEndpoint.Manifest, "DELETE") => Done(() => _manifests.Remove(exchange)),
                (RegistryEndpoint.Blob, "GET") => _blobs.SendAsync(exchange),
                (RegistryEndpoint.Blob, "DELETE") => Done(() => _blobs.Remove(exchange)),
                (RegistryEndpoint.Uploads, "POST") => _uploads.BeginAsync(exchange),
                (RegistryEndpoint.Upload, "GET") => Done(() => _uploads.Describe(exchange)),
                (RegistryEndpoint.Upload, "PATCH") => _uploads.AppendAsync(exchange),
                (RegistryEndpoint.Upload, "PUT") => _uploads.FinishAsync(exchange),
                (RegistryEndpoint.Upload, "DELETE") => Done(() => _uploads.Cancel(exchange)),
                _ => throw RefusedException.Unsupported($"{method} is not for this"),
            }
        );
    }

    /// <summary>Pages for people and programs beside the registry.</summary>
    private async Task AnswerPersonAsync(HttpContext context, string target)
    {
        var content = target switch
        {
            "/" => "page",
            "/metrics" => "metrics",
            _ => throw new RefusedException(404, "UNSUPPORTED", "there is nothing here"),
        };
        if (!IsRead(context.Request.Method))
        {
            throw RefusedException.Unsupported("this is only read");
        }

        if (!Authorize(context).ReadsAll)
        {
            throw Challenged(context);
        }

        var response = context.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Content-Type-Options"] = "nosniff";
        if (content == "metrics")
        {
            var text = MetricsText.Of(_counters, _store, _settings.Options.Quota, _fetches.Running);
            await Answers.SendAsync(context, StatusCodes.Status200OK, System.Text.Encoding.UTF8.GetBytes(text), MetricsText.MediaType);
            return;
        }

        var page = StatusPage.Of(_counters, _store, _settings, _fetches.Running);
        response.Headers.ContentSecurityPolicy = StatusPage.Policy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        await Answers.SendAsync(context, StatusCodes.Status200OK, System.Text.Encoding.UTF8.GetBytes(page), "text/html; charset=utf-8");
    }

    private static bool IsRead(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

    private static Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private Rights Authorize(HttpContext context) =>
        _logins.Of(context.Request.Headers.Authorization is [{ } header, ..] ? header : null) ?? throw Challenged(context);

    private static RefusedException Challenged(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"torchyard mirror\", charset=\"UTF-8\"";
        return RefusedException.Login();
    }

    private (string Repository, UpstreamRepository? Upstream) RepositoryOf(HttpContext context, RegistryPath path)
    {
        if (!Names.IsRepository(path.Repository))
        {
            throw RefusedException.BadName(path.Repository);
        }

        if (_settings.Options.DockerListen is { } docker && docker.Port == context.Connection.LocalPort)
        {
            return Of(
                _upstreams.FirstOrDefault(one => one.Name == Hub) ?? throw RefusedException.NoRepository(path.Repository),
                path.Repository
            );
        }

        // containerd says the registry so; everybody else writes it before the name.
        if (context.Request.Query.TryGetValue("ns", out var values) && values is [{ Length: > 0 } registry, ..])
        {
            var named = _upstreams.FirstOrDefault(one => one.Name.Equals(registry, StringComparison.OrdinalIgnoreCase))
                ?? throw RefusedException.NoRepository(path.Repository);
            return Of(named, path.Repository);
        }

        var slash = path.Repository.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? path.Repository : path.Repository[..slash];
        if (_upstreams.FirstOrDefault(one => one.First == first) is not { } upstream)
        {
            return (path.Repository, null);
        }

        return slash < 0 ? throw RefusedException.NoRepository(path.Repository) : Of(upstream, path.Repository[(slash + 1)..]);

        static (string Repository, UpstreamRepository? Upstream) Of(UpstreamRegistry upstream, string name)
        {
            var source = new UpstreamRepository(upstream, name);
            return Names.IsRepository(source.Repository) ? (source.Repository, source) : throw RefusedException.BadName(name);
        }
    }

    private void Permit(Exchange exchange, string method)
    {
        var isRead = IsRead(method) && exchange.Path.Endpoint != RegistryEndpoint.Upload;
        if (exchange.Path.Endpoint == RegistryEndpoint.Catalog ? exchange.Rights.IsKnown : Allows())
        {
            if (isRead)
            {
                return;
            }

            if (_settings.Options.IsReadOnly)
            {
                throw RefusedException.Unsupported("the mirror is read-only");
            }

            // A copy may be removed, to be fetched again; what is in it is another registry's alone.
            if (method != "DELETE" && _store.Repositories.IsCopy(exchange.Repository))
            {
                throw RefusedException.Denied("this is a copy of another registry, to which images are pushed");
            }

            return;
        }

        throw exchange.Rights.Token is null
            ? Challenged(exchange.Http)
            : RefusedException.Denied(
                isRead
                    ? $"the token '{exchange.Rights.Token.Name}' is not for this repository"
                    : $"the token '{exchange.Rights.Token.Name}' does not allow this"
            );

        bool Allows() => isRead ? exchange.Rights.Reads(exchange.Repository) : exchange.Rights.Writes(exchange.Repository);
    }
}
