using System.Text.RegularExpressions;
using Torchyard.Containers.Requests;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Starting;

/// <summary>
/// Variables that an environment gets when it starts. Their values are in its container alone, whose files only its owner reads: not in the
/// image, the lock, a label or a message: names are all that anybody is told.
/// </summary>
internal sealed partial record RunTimeVariables
{
    // As curl, pip, Git, Go and Python read them; some programs know one case only.
    private static readonly string[] ProxyNames = ["http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"];

    private readonly Caller _caller;

    private RunTimeVariables(Caller caller) => _caller = caller;

    /// <summary>Variables that lead programs to the shared caches.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Caches { get; init; }

    /// <summary>What the recipe sets and passes on, as far as it has a value.</summary>
    public required IReadOnlyDictionary<string, string> Recipe { get; init; }

    /// <summary>Names of those that are passed on.</summary>
    public required IReadOnlySet<string> Passed { get; init; }

    /// <summary>What the command line gives; it wins over the recipe.</summary>
    public required IReadOnlyDictionary<string, string> Given { get; init; }

    /// <summary>Variables that the recipe passes on, must have, and that are not set.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>The variables of a recipe and a command line.</summary>
    /// <param name="caller">Whose variables are passed on.</param>
    /// <param name="asked">The recipe.</param>
    /// <param name="given"><c>NAME=VALUE</c> each.</param>
    public static RunTimeVariables Of(Caller caller, Recipe asked, IReadOnlyList<string> given)
    {
        var settings = asked.Environment;
        var recipe = new SortedDictionary<string, string>(
            settings.Variables.ToDictionary(pair => pair.Key, pair => pair.Value),
            StringComparer.Ordinal
        );
        foreach (var variable in settings.Pass)
        {
            if (caller.Text(variable.Name) is { } value)
            {
                recipe[variable.Name] = value;
            }
        }

        var options = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in given)
        {
            var parts = variable.Split('=', 2);
            options[parts[0]] = parts[1];
        }

        return new RunTimeVariables(caller)
        {
            Caches = [.. asked.Caches.SelectMany(cache => cache.Filled)],
            Recipe = recipe,
            Passed = settings.Pass.Select(variable => variable.Name).ToHashSet(StringComparer.Ordinal),
            Given = options,
            Missing =
            [
                .. settings
                    .Pass.Where(variable => !variable.Optional && !recipe.ContainsKey(variable.Name) && !options.ContainsKey(variable.Name))
                    .Select(variable => variable.Name),
            ],
        };
    }

    /// <summary>What the command line gives, in its order; the last of a name counts.</summary>
    /// <param name="host">Whose variables and files.</param>
    /// <param name="files"><c>--env-file</c>.</param>
    /// <param name="variables"><c>--env</c>, which wins over the files.</param>
    /// <exception cref="TorchyardException">TY4062, TY4064, TY4065; TY4124: a variable that is named is not set.</exception>
    public static IReadOnlyList<string> Read(Host host, IReadOnlyList<string> files, IReadOnlyList<string> variables) =>
        [
            .. files.SelectMany(file => EnvironmentFile.Read(host, file)),
            .. variables.Select(text =>
                EnvironmentSyntax.Variable(text, host.Caller.Text)
                ?? throw NotSet($"-e {text} passes a variable on that is not set", $"set it first (export {text}=…), or leave it out")
            ),
        ];

    /// <summary>Refuses a start without what the recipe needs.</summary>
    /// <exception cref="TorchyardException">TY4124: a variable that the recipe passes on is not set.</exception>
    public void Require()
    {
        if (Missing.Count > 0)
        {
            var first = Missing[0];
            throw NotSet(
                $"the recipe passes {string.Join(", ", Missing)} on, and {(Missing.Count == 1 ? "it is" : "they are")} not set",
                $"set {(Missing.Count == 1 ? "it" : "them")} first (export {first}=…), or write \"{first}?\" under [environment] where "
                    + "it may be missing"
            );
        }
    }

    /// <summary>All of them for a start, <c>NAME=VALUE</c> each, the later ones winning.</summary>
    /// <param name="image">Variables of the image: a proxy that it names is not replaced.</param>
    public IReadOnlyList<string> For(IReadOnlyList<string> image)
    {
        return
        [
            .. Proxies(image).Select(proxy => Line(new(proxy.Key, WithoutLogin(proxy.Value)))),
            .. Caches.Select(Line),
            .. Recipe.Select(Line),
            .. Given.Select(Line),
        ];
    }

    /// <summary>Names of the proxies that are passed on without their login, which nobody allowed the recipe to have.</summary>
    /// <param name="image">Variables of the image.</param>
    public IReadOnlyList<string> WithoutLogins(IReadOnlyList<string> image) =>
        [
            .. Proxies(image)
                .Where(proxy => WithoutLogin(proxy.Value) != proxy.Value && !Recipe.ContainsKey(proxy.Key) && !Given.ContainsKey(proxy.Key))
                .Where(proxy => _caller.Variable(proxy.Key) is not null)
                .Select(proxy => proxy.Key),
        ];

    /// <summary>Labels that say which variables the container has from where: their names.</summary>
    public IEnumerable<KeyValuePair<string, string>> Labels =>
        [
            new(EnvironmentLabels.Variables, string.Join(' ', Recipe.Keys)),
            new(EnvironmentLabels.GivenVariables, string.Join(' ', Given.Keys)),
        ];

    /// <summary>What a running environment has otherwise.</summary>
    /// <param name="labels">Labels of its container.</param>
    /// <param name="running">Variables that it was started with.</param>
    public IEnumerable<EnvironmentChange> Changes(IReadOnlyDictionary<string, string> labels, IReadOnlyList<string> running)
    {
        var has = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in running)
        {
            var parts = variable.Split('=', 2);
            has[parts[0]] = parts[^1];
        }

        var (hadRecipe, hadGiven) = (Names(labels, EnvironmentLabels.Variables), Names(labels, EnvironmentLabels.GivenVariables));
        foreach (var (name, value) in Given.Where(pair => has.GetValueOrDefault(pair.Key) != pair.Value))
        {
            yield return Waiting(name, hadGiven.Contains(name) || hadRecipe.Contains(name) ? "another value is given" : "which is new");
        }

        foreach (var name in Recipe.Keys.Union(hadRecipe, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            // The command line won at the start, or does now.
            if (hadGiven.Contains(name) || Given.ContainsKey(name))
            {
                continue;
            }

            if (!Recipe.TryGetValue(name, out var value))
            {
                // One that is passed on and is not set here and now: it has the value that it was started with.
                if (!Passed.Contains(name))
                {
                    yield return Waiting(name, "removed");
                }
            }
            else if (!hadRecipe.Contains(name))
            {
                yield return Waiting(name, "which is new");
            }
            else if (has.GetValueOrDefault(name) is { } old && old != value)
            {
                // What it was may have been passed on, and what it is may be a secret that stands in the wrong place.
                yield return Waiting(name, Passed.Contains(name) ? "yours has another value by now" : "another value");
            }
        }
    }

    private static EnvironmentChange Waiting(string name, string what) =>
        EnvironmentChange.Waiting("environment." + name, null, null, $"environment.{name}: {what}");

    private static HashSet<string> Names(IReadOnlyDictionary<string, string> labels, string label) =>
        (labels.GetValueOrDefault(label) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);

    private static string Line(KeyValuePair<string, string> variable) => $"{variable.Key}={variable.Value}";

    /// <summary>The caller's proxies in both cases, each from the other where only one is set.</summary>
    /// <param name="image">Variables of the image, whose own proxies stay.</param>
    private IEnumerable<KeyValuePair<string, string>> Proxies(IReadOnlyList<string> image)
    {
        var own = image.Select(variable => variable.Split('=', 2)[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var lower in ProxyNames.Where(name => !own.Contains(name)))
        {
            var upper = lower.ToUpperInvariant();
            var (one, other) = (_caller.Text(lower), _caller.Text(upper));
            if ((one ?? other) is { Length: > 0 } value)
            {
                yield return new(lower, one ?? value);
                yield return new(upper, other ?? value);
            }
        }
    }

    // A password may have a slash or an '@' in it that nobody wrote as %2F or %40; behind the last one is the host.
    private static string WithoutLogin(string proxy)
    {
        var end = proxy.LastIndexOf('@');
        return end < 0 ? proxy : Scheme().Match(proxy, 0, end).Value + proxy[(end + 1)..];
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9+.-]*://", RegexOptions.CultureInvariant)]
    private static partial Regex Scheme();

    private static TorchyardException NotSet(string what, string cure) => new("TY4124", what, cure) { IsUsage = true };
}
