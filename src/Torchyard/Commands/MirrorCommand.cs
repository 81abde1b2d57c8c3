using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Mirroring;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Commands;

/// <summary><c>torchyard mirror</c>: a registry for the LAN, and how machines use it.</summary>
internal sealed partial class MirrorCommand : Verb
{
    private const string Serve = "serve";
    private const string Join = "join";
    private const string Install = "install";
    private const string Status = "status";
    private const string Token = "token";

    private readonly Argument<string> _action = new("ACTION") { Description = "'serve', 'join', 'install', 'status' or 'token'" };
    private readonly Argument<string[]> _words = new("WORD")
    {
        Description = "'join' and 'status': HOST[:PORT]; 'token': 'add NAME', 'list' or 'remove NAME'",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly MirrorServeOptions _serve = new();
    private readonly MirrorJoinOptions _join = new();

    public MirrorCommand()
        : base("mirror", VerbGroup.Store, "Serve images on the LAN, and let machines use such a mirror")
    {
        _action.AcceptOnlyFromAmong(Serve, Join, Install, Status, Token);
        Arguments.Add(_action);
        Arguments.Add(_words);
        _serve.AddTo(this);
        _join.AddTo(this);
        Options.Add(GlobalOptions.Json);
        Details = """
            'serve' is a registry: push to it, or let it fetch what it does not have from the registries
            that --upstream names. However many machines ask at once, upstream is asked once, and all of
            them get bytes while the mirror still fills. A quota removes the copies that were not used
            for the longest time, never what a kept image needs, and never what was pushed.

            Nobody gets in without a token ('token add'), unless --anonymous says so. Beyond this machine
            it wants TLS (--cert, --key), or --insecure. It has a page at /, and /metrics for Prometheus.

            'join' lets this machine ask a mirror before registries: Torchyard, containerd, podman and
            docker, each where it is there. It says what it writes; --undo takes it back. 'install'
            writes a systemd unit with the options of 'serve'.
            """;
        Examples =
        [
            new("torchyard mirror token add nodes", "a token to pull with; it is shown once"),
            new("torchyard mirror serve --upstream docker.io --quota 500GB", "on this machine alone"),
            new("torchyard mirror serve --listen 0.0.0.0:5000 --upstream docker.io --anonymous read --insecure", "for a trusted LAN"),
            new("sudo torchyard mirror join mirror.lan:5000 --plain-http", "on each node"),
            new("sudo torchyard mirror join --undo", "take it back"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var words = invocation.Get(_words) ?? [];
        RequireOptions(invocation);
        switch (invocation.Get(_action), words)
        {
            case (Serve, []):
                throw MirrorProgram.Become(invocation.Host, _serve.Read(invocation));
            case (Install, []):
                RunInstall(invocation);
                return ExitCode.Done;
            case (Join, [var host]) when !invocation.Get(_join.Undo):
                return Show(
                    invocation,
                    MirrorJoinOptions.Of(invocation).Plan(_join.Request(invocation, host, invocation.Get(_serve.Upstream) ?? []))
                );
            case (Join, []) when invocation.Get(_join.Undo):
                return Show(invocation, MirrorJoinOptions.Of(invocation).PlanUndo());
            case (Status, [] or [_]):
                return await ShowStatusAsync(
                    invocation,
                    words is [var named] ? _join.Request(invocation, named, []).Mirror : null,
                    cancellation
                );
            case (Token, ["add", var name]):
                await AddTokenAsync(invocation, name, cancellation);
                return ExitCode.Done;
            case (Token, ["remove", var name]):
                await MirrorTokens.RemoveAsync(_serve.Tokens(invocation), name, cancellation);
                invocation.Screen.Line(name);
                return ExitCode.Done;
            case (Token, [] or ["list"]):
                ListTokens(invocation);
                return ExitCode.Done;
            default:
                var said = string.Join(' ', words.Prepend(invocation.Get(_action)));
                throw new TorchyardException(
                    "TY9001",
                    $"'torchyard mirror {said}' is not complete, or has too many words",
                    "see 'torchyard mirror --help'"
                )
                {
                    IsUsage = true,
                };
        }
    }

    /// <summary>Refuses an option of another action: what was meant by it would not happen.</summary>
    private void RequireOptions(Invocation invocation)
    {
        var action = invocation.Get(_action)!;
        if (
            Options.Except(OptionsOf(action)).FirstOrDefault(option => invocation.Parsed.GetResult(option) is { Implicit: false }) is
            { } other
        )
        {
            throw new TorchyardException(
                "TY9001",
                $"'torchyard mirror {action}' does not take '{other.Name}'",
                "see 'torchyard mirror --help', where each option says for what it is"
            )
            {
                IsUsage = true,
            };
        }
    }

    private IReadOnlyList<Option> OptionsOf(string action) =>
        action switch
        {
            Serve => _serve.OfServe,
            Install => [.. _serve.OfInstall, _join.Print],
            Join => [_serve.Upstream, .. _join.OfJoin, GlobalOptions.Json],
            Status => [.. _join.OfStatus, GlobalOptions.Json],
            _ => [.. _serve.OfToken, GlobalOptions.Json],
        };

    private void RunInstall(Invocation invocation)
    {
        if (invocation.Get(_serve.Uninstall))
        {
            invocation.Screen.Line(
                MirrorInstall.Remove(invocation.Host)
                    ? $"removed {MirrorPlaces.Unit}; stop it: systemctl disable --now torchyard-mirror"
                    : "there is no unit to remove"
            );
            return;
        }

        var options = _serve.Read(invocation);
        if (invocation.Get(_join.Print))
        {
            ShowFile(invocation, MirrorInstall.Text(options));
            return;
        }

        options.Require();
        MirrorInstall.Write(invocation.Host, options);
        invocation.Screen.Line($"wrote {MirrorPlaces.Unit}");
        invocation.Screen.Line("start it: systemctl daemon-reload && systemctl enable --now torchyard-mirror");
    }

    private int Show(Invocation invocation, IReadOnlyList<NodeChange> changes)
    {
        var isPrint = invocation.Get(_join.Print);
        if (!isPrint)
        {
            MirrorJoin.Apply(changes);
        }

        invocation.Answer(
            [.. changes.Select(change => new Change(change.Program, change.Path, change.State.ToString().ToLowerInvariant(), change.Note))],
            MirrorJson.Default.ChangeArray,
            _ => Print(invocation, changes, isPrint)
        );
        return ExitCode.Done;
    }

    private static void Print(Invocation invocation, IReadOnlyList<NodeChange> changes, bool isPrint)
    {
        if (changes.Count == 0)
        {
            invocation.Screen.Line("there is nothing to undo");
        }

        foreach (var change in changes)
        {
            var did = change.State switch
            {
                NodeChangeState.Written => isPrint ? "would write" : "wrote",
                NodeChangeState.Removed => isPrint ? "would remove" : "removed",
                NodeChangeState.Unchanged => "is right already:",
                _ => "left as somebody else wrote it:",
            };
            invocation.Screen.Line($"{change.Program}: {did} {change.Path}");
            if (isPrint && change is { State: NodeChangeState.Written, Content: { } content })
            {
                ShowFile(invocation, content);
            }
        }

        foreach (var note in changes.Select(change => change.Note).OfType<string>().Distinct())
        {
            invocation.Screen.Progress.Note(note);
        }
    }

    private static void ShowFile(Invocation invocation, string content)
    {
        foreach (var line in content.TrimEnd('\n').Split('\n'))
        {
            invocation.Screen.Line(line);
        }
    }

    private static async Task<int> ShowStatusAsync(Invocation invocation, JoinedMirror? named, CancellationToken cancellation)
    {
        var state = await MirrorState.ReadAsync(invocation.Host, named, cancellation);
        invocation.Answer(state, MirrorJson.Default.MirrorState, found =>
        {
            invocation.Screen.Line(
                found switch
                {
                    { Host: null } => "this machine asks no mirror",
                    { Answers: true } => $"{found.Host} answers, for {string.Join(", ", found.Registries)}",
                    _ => $"{found.Host} does not answer: {found.Problem}",
                }
            );
            if (found.Unit is { } unit)
            {
                invocation.Screen.Line($"this machine serves one: {unit}");
            }
        });
        return state.Answers is false ? ExitCode.Failed : ExitCode.Done;
    }

    private async Task AddTokenAsync(Invocation invocation, string name, CancellationToken cancellation)
    {
        var secret = await MirrorTokens.AddAsync(
            _serve.Tokens(invocation),
            new MirrorTokenRequest(
                name,
                invocation.Get(_serve.Write),
                invocation.Get(_serve.Repositories),
                invocation.Caller.Clock.GetUtcNow()
            ),
            cancellation
        );
        invocation.Screen.Line(secret);
        invocation.Screen.Progress.Note("it is shown this once; give it to 'torchyard login HOST:PORT -u any --password-stdin'");
    }

    private void ListTokens(Invocation invocation) =>
        invocation.Answer(
            [
                .. MirrorTokens
                    .Read(_serve.Tokens(invocation))
                    .Select(token => new ListedToken(token.Name, token.Write, token.Repositories, token.Created)),
            ],
            MirrorJson.Default.ListedTokenArray,
            tokens =>
                invocation.Screen.Table(
                    [new("NAME", Whole: true), new("ALLOWS"), new("REPOSITORIES"), new("CREATED", Drop: 1)],
                    [
                        .. tokens.Select(token =>
                            (IReadOnlyList<string>)
                                [
                                    token.Name,
                                    token.Write ? "read, write" : "read",
                                    token.Repositories ?? "all",
                                    token.Created.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
                                ]
                        ),
                    ]
                )
        );

    internal sealed record Change(string Program, string Path, string State, string? Note);

    internal sealed record ListedToken(string Name, bool Write, string? Repositories, DateTimeOffset Created);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Change[]))]
    [JsonSerializable(typeof(ListedToken[]))]
    [JsonSerializable(typeof(MirrorState))]
    internal sealed partial class MirrorJson : JsonSerializerContext;
}
