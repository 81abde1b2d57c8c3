namespace Torchyard.CommandLine;

/// <summary>
/// Verbs that docker and podman have and Torchyard has not: what stands for each. Looked at only when a verb is not known.
/// </summary>
internal static class EngineVerbs
{
    private static readonly Dictionary<string, string> Rows = new(StringComparer.Ordinal)
    {
        ["commit"] =
            "write what the image needs into the recipe and build it; 'torchyard capture' "
            + "makes an image from an environment of this machine",
        ["container"] = "leave the word out: 'torchyard ps', 'torchyard rm'",
        ["context"] = "there is no daemon to choose; --store names another store",
        ["create"] = "use 'torchyard run -d'",
        ["events"] = "use 'torchyard ps --json' and 'torchyard wait'",
        ["export"] = "use 'skopeo copy oci:STORE/oci:NAME:TAG docker-archive:FILE'",
        ["history"] = "use 'torchyard images' and 'skopeo inspect oci:STORE/oci:NAME:TAG'",
        ["image"] = "leave the word out: 'torchyard images', 'torchyard rmi'",
        ["import"] = "use 'torchyard capture DIR'",
        ["info"] = "use 'torchyard doctor'",
        ["load"] = "use 'skopeo copy docker-archive:FILE oci:STORE/oci:NAME:TAG'",
        ["network"] = "there are no networks to make: --network host, private or none",
        ["pause"] = "use 'torchyard kill --signal STOP NAME', and CONT to go on",
        ["port"] = "'torchyard ps' shows published ports",
        ["rename"] = "a container keeps its name: remove it, and start it anew with --name or the recipe's 'name'",
        ["save"] = "use 'skopeo copy oci:STORE/oci:NAME:TAG docker-archive:FILE'",
        ["stats"] = "use 'torchyard top'",
        ["system"] = "use 'torchyard images', 'torchyard prune' and 'torchyard doctor'",
        ["update"] = "change [limits] in torchyard.toml and run 'torchyard up', which gives them to what runs",
        ["unpause"] = "use 'torchyard kill --signal CONT NAME'",
    };

    /// <summary>What stands for a verb; null when it is not one of another engine.</summary>
    public static string? Instead(string verb) => Rows.GetValueOrDefault(verb);

    /// <summary>Every row.</summary>
    internal static IEnumerable<string> Names => Rows.Keys;
}
