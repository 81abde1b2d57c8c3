using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Shipping;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard policy</c>: which images this machine may use.</summary>
internal sealed partial class PolicyCommand : Verb
{
    private readonly Argument<string?> _image = new("IMAGE")
    {
        Description = "Ask for this one (default: show all rules)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public PolicyCommand()
        : base("policy", VerbGroup.Store, "Show which images of registries this machine may use")
    {
        _image.CompletionSources.Add(ImageNames.Complete);
        Arguments.Add(_image);
        Options.Add(GlobalOptions.Json);
        Details = """
            The administrator of a machine writes them into /etc/torchyard/policy.toml; 'pull', 'run',
            'up' and 'copy' hold to them. With IMAGE it says which rule decides, and ends with 1 when the
            image is refused; whether it is signed is seen when it is pulled.
            """;
        Examples =
        [
            new("torchyard policy", "the rules"),
            new("torchyard policy docker.io/pytorch/pytorch:2.9.1-cuda12.8-cudnn9-runtime", "may this one be pulled"),
        ];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var asked = new PolicyFlow(invocation.Host).Ask(invocation.Get(_image));
        var answer = new Answer
        {
            File = asked.Policy.Path,
            Local = asked.Policy.Local,
            Rules = [.. asked.Rules.Select(rule => new Rule(rule.Match, rule.Digest, rule.Keys))],
            Allowed = asked.Allowed,
        };
        invocation.Answer(answer, PolicyJson.Default.Answer, shown => Show(shown, invocation.Screen));
        return Task.FromResult(ExitCode.Done);
    }

    private static void Show(Answer answer, Screen screen)
    {
        if (answer.File is null)
        {
            screen.Line("there is no policy: images of every registry may be used");
            return;
        }

        if (answer.Allowed is null)
        {
            screen.Line($"{answer.File}: images of this machine {(answer.Local ? "may" : "may not")} be started");
        }

        screen.Table(
            [new Column("ALLOWED", Whole: true), new Column("WANTS", Whole: true)],
            [.. answer.Rules.Select(IReadOnlyList<string> (rule) => [rule.Match, Wants(rule)])]
        );
    }

    private static string Wants(Rule rule) =>
        string.Join(
            ", ",
            new[] { rule.Digest ? "a digest" : "", rule.Keys.Count > 0 ? "a signature by " + string.Join(" or ", rule.Keys) : "" }.Where(
                part => part.Length > 0
            )
        )
            is { Length: > 0 } text
            ? text
            : "nothing";

    internal sealed record Rule(string Match, bool Digest, IReadOnlyList<string> Keys);

    internal sealed record Answer
    {
        public required string? File { get; init; }
        public required bool Local { get; init; }
        public required IReadOnlyList<Rule> Rules { get; init; }
        public bool? Allowed { get; init; }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class PolicyJson : JsonSerializerContext;
}
