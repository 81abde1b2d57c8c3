using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>Reads <c>[environment]</c>, whose keys are names of variables but for <c>pass</c>.</summary>
internal static class EnvironmentReader
{
    // The supervisor obeys these: ports and addresses that were looked at would be others.
    private const string OwnPrefix = "TORCHYARD_";

    public static EnvironmentSettings Read(TomlTableReader table)
    {
        var pass = (table.Texts("pass") ?? []).Select(Passed).ToList();
        for (var i = 0; i < pass.Count; i++)
        {
            if (Problem(pass[i].Name) is { } problem)
            {
                throw table.WrongItem(
                    "pass",
                    i,
                    problem,
                    "write the name of a variable of yours, without its value; \"NAME?\" where it may be missing"
                );
            }

            if (pass.Take(i).Any(other => other.Name == pass[i].Name))
            {
                throw table.WrongItem("pass", i, $"'{pass[i].Name}' is passed twice", "remove one of the two", "TY1007");
            }
        }

        var variables = table.Others();
        foreach (var (name, value) in variables)
        {
            if (Problem(name) is { } problem)
            {
                throw table.Wrong(name, problem, "use letters, digits and '_', not beginning with a digit, such as HF_HUB_OFFLINE = \"1\"");
            }

            if (value.Contains('\0', StringComparison.Ordinal))
            {
                throw table.Wrong(name, $"the value of '{name}' has a zero byte in it", "take it out");
            }

            if (pass.Any(other => other.Name == name))
            {
                throw table.Wrong(
                    name,
                    $"'{name}' has a value here and is passed on from yours as well",
                    "remove it from pass, or remove this line",
                    "TY1007"
                );
            }
        }

        return new EnvironmentSettings { Variables = variables, Pass = pass };
    }

    private static PassedVariable Passed(string text) => text.EndsWith('?') ? new(text[..^1], Optional: true) : new(text, Optional: false);

    private static string? Problem(string name) =>
        !RecipeChecks.IsVariable(name) ? $"'{name}' cannot be the name of an environment variable"
        : name.StartsWith(OwnPrefix, StringComparison.Ordinal) ? $"'{name}' is one of Torchyard's own variables, which no recipe sets"
        : null;
}
