using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Mirroring;

namespace Torchyard.Commands;

/// <summary>Options of <c>torchyard mirror join</c>.</summary>
internal sealed class MirrorJoinOptions
{
    private readonly Option<bool> _plain = new("--plain-http") { Description = "join, status: the mirror is without TLS" };
    private readonly Option<string?> _authority = new("--ca")
    {
        Description = "join: certificate of the mirror's authority, for containerd",
        HelpName = "FILE",
    };
    private readonly Option<string[]> _for = new("--for")
    {
        Description = "join: these programs (default: those that are there)",
        HelpName = "PROGRAM",
    };
    private readonly Option<int?> _docker = new("--docker-port")
    {
        Description = "join: the port of its --docker-listen, for docker",
        HelpName = "PORT",
    };

    /// <summary>Take it back.</summary>
    public Option<bool> Undo { get; } = new("--undo") { Description = "join: take back what it wrote" };

    /// <summary>Show it alone.</summary>
    public Option<bool> Print { get; } = new("--print") { Description = "join, install: show what would be written, and write nothing" };

    /// <summary>Those of 'join'.</summary>
    public IReadOnlyList<Option> OfJoin => [_plain, _authority, _for, _docker, Undo, Print];

    /// <summary>Those of 'status'.</summary>
    public IReadOnlyList<Option> OfStatus => [_plain];

    /// <summary>Adds them to a verb.</summary>
    public void AddTo(Verb verb)
    {
        _for.AcceptOnlyFromAmong([.. MirrorJoin.Programs]);
        foreach (var option in OfJoin)
        {
            verb.Options.Add(option);
        }
    }

    /// <summary>Whose settings are changed.</summary>
    public static MirrorJoin Of(Invocation invocation) =>
        new("/", invocation.Caller.IsRoot ? null : invocation.Caller.OwnDirectories.Settings);

    /// <summary>What is joined.</summary>
    public JoinRequest Request(Invocation invocation, string host, IReadOnlyList<string> registries) =>
        new()
        {
            Mirror = JoinRequest.Parse(host, invocation.Get(_plain), registries),
            Programs = invocation.Get(_for) is { Length: > 0 } programs ? programs : null,
            Authority = invocation.Get(_authority) is { } file ? invocation.Caller.FullPath(file) : null,
            DockerPort = invocation.Get(_docker),
        };
}
