using System.CommandLine;
using System.Net;
using Torchyard.CommandLine;
using Torchyard.Flows.Mirroring;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Commands;

/// <summary>Options of <c>torchyard mirror serve</c>, <c>install</c> and <c>token</c>.</summary>
internal sealed class MirrorServeOptions
{
    private readonly Option<string?> _listen = new("--listen")
    {
        Description = "serve: address and port (default: 127.0.0.1:5000)",
        HelpName = "ADDRESS:PORT",
    };
    private readonly Option<string?> _docker = new("--docker-listen")
    {
        Description = "serve: a second address, which is Docker Hub's alone, as docker needs it",
        HelpName = "ADDRESS:PORT",
    };
    private readonly Option<string?> _root = new("--root") { Description = "serve, token: directory of what it keeps", HelpName = "DIR" };
    private readonly Option<string[]> _upstream = new("--upstream")
    {
        Description = "serve: fetch from this registry; join: ask the mirror for its images",
        HelpName = "REGISTRY",
    };
    private readonly Option<string?> _quota = new("--quota") { Description = "serve: most bytes of all images", HelpName = "SIZE" };
    private readonly Option<string?> _anonymous = new("--anonymous")
    {
        Description = "serve: what everybody may do: 'none' (default), 'read' or 'write'",
        HelpName = "ACCESS",
    };
    private readonly Option<string?> _certificate = new("--cert") { Description = "serve: certificates in PEM form", HelpName = "FILE" };
    private readonly Option<string?> _key = new("--key") { Description = "serve: the key in PEM form", HelpName = "FILE" };
    private readonly Option<bool> _insecure = new("--insecure") { Description = "serve: other machines may come without TLS" };
    private readonly Option<bool> _readOnly = new("--read-only") { Description = "serve: take, fetch and remove nothing" };
    private readonly Option<int?> _tagAge = new("--tag-age")
    {
        Description = "serve: believe a tag of an upstream for so long (default: 60)",
        HelpName = "SECONDS",
    };

    /// <summary>A token to push and delete with.</summary>
    public Option<bool> Write { get; } = new("--write") { Description = "token add: it allows to push and delete, too" };

    /// <summary>A token for some repositories.</summary>
    public Option<string?> Repositories { get; } =
        new("--repositories") { Description = "token add: for this repository and those below it", HelpName = "PREFIX" };

    /// <summary>Remove the unit.</summary>
    public Option<bool> Uninstall { get; } = new("--uninstall") { Description = "install: remove the unit" };

    /// <summary>Registries that are named.</summary>
    public Option<string[]> Upstream => _upstream;

    /// <summary>Those of 'serve'.</summary>
    public IReadOnlyList<Option> OfServe =>
        [_listen, _docker, _root, _upstream, _quota, _anonymous, _certificate, _key, _insecure, _readOnly, _tagAge];

    /// <summary>Those of 'install'.</summary>
    public IReadOnlyList<Option> OfInstall => [.. OfServe, Uninstall];

    /// <summary>Those of 'token'.</summary>
    public IReadOnlyList<Option> OfToken => [_root, Write, Repositories];

    /// <summary>Adds them to a verb.</summary>
    public void AddTo(Verb verb)
    {
        _anonymous.CompletionSources.Add("none", "read", "write");
        foreach (var option in OfInstall.Concat(OfToken).Distinct())
        {
            verb.Options.Add(option);
        }
    }

    /// <summary>The file of the tokens.</summary>
    public string Tokens(Invocation invocation) => Path.Combine(Root(invocation), "tokens.json");

    /// <summary>Reads them.</summary>
    /// <exception cref="TorchyardException">TY9001: one is not what it must be.</exception>
    public MirrorOptions Read(Invocation invocation) =>
        new()
        {
            Listen = Address(invocation.Get(_listen) ?? $"127.0.0.1:{MirrorOptions.UsualPort}", "--listen"),
            DockerListen = invocation.Get(_docker) is { } docker ? Address(docker, "--docker-listen") : null,
            Root = Root(invocation),
            Upstreams = [.. (invocation.Get(_upstream) ?? []).Select(Registry).Distinct()],
            Quota = invocation.Get(_quota) is { } quota
                ? ByteSize.TryParse(quota, out var bytes) && bytes > 0
                    ? bytes
                    : throw Wrong("--quota", quota, "write a size such as 500GB")
                : null,
            Anonymous = invocation.Get(_anonymous) switch
            {
                null or "none" => MirrorAccess.None,
                "read" => MirrorAccess.Read,
                "write" => MirrorAccess.Write,
                var other => throw Wrong("--anonymous", other, "write 'none', 'read' or 'write'"),
            },
            Certificate = Full(invocation, _certificate),
            Key = Full(invocation, _key),
            IsInsecure = invocation.Get(_insecure),
            IsReadOnly = invocation.Get(_readOnly),
            TagAge = TimeSpan.FromSeconds(
                invocation.Get(_tagAge) switch
                {
                    null => 60,
                    >= 0 and <= 86_400 and var seconds => seconds,
                    var seconds => throw Wrong("--tag-age", $"{seconds}", "write seconds from 0 to 86400"),
                }
            ),
        };

    private string Root(Invocation invocation) =>
        invocation.Get(_root) is { Length: > 0 } root ? invocation.Caller.FullPath(root) : MirrorPlaces.Root(invocation.Caller);

    private static string? Full(Invocation invocation, Option<string?> option) =>
        invocation.Get(option) is { } path ? invocation.Caller.FullPath(path) : null;

    private static string Registry(string text)
    {
        const string Plain = "http://";
        var name = Torchyard.Registry.References.ImageReference.ParseRegistry(text);
        return text.StartsWith(Plain, StringComparison.OrdinalIgnoreCase) ? Plain + name : name;
    }

    private static IPEndPoint Address(string text, string option) =>
        IPEndPoint.TryParse(text, out var address) && (address.Port > 0 || text.EndsWith(":0", StringComparison.Ordinal))
            ? address
            : throw Wrong(option, text, "write an address and a port, such as 0.0.0.0:5000 or [::]:5000");

    private static TorchyardException Wrong(string option, string value, string cure) =>
        new("TY9001", $"'{option} {value}' is not what it must be", cure) { IsUsage = true };
}
