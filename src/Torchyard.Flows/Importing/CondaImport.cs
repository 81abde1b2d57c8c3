using Torchyard.Packages.Conda;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Importing;

/// <summary>Packages of conda as part of a recipe: Python's from its index, tools and libraries from Debian.</summary>
internal static class CondaImport
{
    /// <summary>Adds an <c>environment.yml</c>.</summary>
    /// <param name="import">The translation.</param>
    /// <param name="path">Absolute path.</param>
    public static void Add(Import import, string path)
    {
        var shown = Path.GetRelativePath(import.Files.Directory, path);
        var environment = CondaEnvironment.Parse(import.Files.Read(path, Packages.Yaml.YamlDocument.LargestFile), shown);
        if (environment.Name is { } given)
        {
            import.Became($"{shown}:{given.Line}", $"name {given.Text}", "", "an environment is named after its directory");
        }

        if (environment.Prefix is { } prefix)
        {
            import.Became($"{shown}:{prefix.Line}", $"prefix {prefix.Text}", "", "where conda had it on a machine");
        }

        foreach (var channel in environment.Channels)
        {
            import.Became($"{shown}:{channel.Line}", $"channel {channel.Text}", "", "packages come from Debian and Python's index instead");
        }

        AddAll(import, [.. environment.Dependencies.Select(line => ($"{shown}:{line.Line}", line.Text))]);
        var read = new ForeignRequirements(import.Files);
        foreach (var line in environment.Pip)
        {
            read.ReadLine(line.Text, new SourceLocation(shown, line.Line, 1));
        }

        import.AddRequirements(read, shown);
        foreach (var (name, value, line) in environment.Variables)
        {
            import.SetVariable($"{shown}:{line}", name, name, value);
        }

        foreach (var unknown in environment.Unknown)
        {
            import.Gap($"{shown}:{unknown.Line}", unknown.Text, "this is not a part of an environment that is known here");
        }
    }

    /// <summary>Adds match specifications.</summary>
    /// <param name="import">The translation.</param>
    /// <param name="specifications">Each with its place.</param>
    public static void AddAll(Import import, IReadOnlyList<(string Place, string Text)> specifications)
    {
        foreach (var (place, text) in specifications)
        {
            if (!CondaSpec.TryParse(text, out var specification))
            {
                import.Gap(place, text, "this cannot be read as a package of conda");
                continue;
            }

            Add(import, place, text, specification);
        }
    }

    private static void Add(Import import, string place, string text, CondaSpec specification)
    {
        var name = CondaNames.Find(specification.Name);
        switch (name.Kind)
        {
            case CondaKind.Interpreter:
                AddInterpreter(import, place, text, specification);
                break;
            case CondaKind.Cuda when specification.Number is { } cuda:
                import.AddIndex(place, PyTorchIndex.Of(cuda), isExtra: true, $"for {text}: PyTorch's builds for this CUDA");
                break;
            case CondaKind.Cuda:
                import.Became(place, text, "", "lock chooses the CUDA build of PyTorch for your GPUs");
                break;
            case CondaKind.CpuOnly:
                import.AddIndex(place, PyTorchIndex.Cpu, isExtra: true, $"for {text}: PyTorch's builds without CUDA");
                break;
            case CondaKind.NotNeeded:
                import.Became(place, text, "", name.Note);
                break;
            case CondaKind.Debian:
                AddDebian(import, place, text, specification, name);
                break;
            case CondaKind.Python:
                AddPython(import, place, text, specification, name);
                break;
            default:
                import.Gap(place, text, name.Note ?? "it is not known what this is elsewhere");
                break;
        }
    }

    private static void AddInterpreter(Import import, string place, string text, CondaSpec specification)
    {
        if (specification.PythonVersions() is not { } versions)
        {
            import.Gap(place, text, "its versions cannot be written as one range");
        }
        else if (versions.Length > 0)
        {
            import.LookAtPython(place, text, versions);
        }
        else
        {
            import.Became(place, text, "python3", "the Python of the Debian release");
        }
    }

    private static void AddDebian(Import import, string place, string text, CondaSpec specification, CondaName name)
    {
        if (name.Names.All(package => import.AddPackage(place, text, package)))
        {
            import.Became(
                place,
                text,
                string.Join(", ", name.Names),
                specification.Version.Length > 0 ? "from Debian, in the version of its release" : "from Debian"
            );
        }
    }

    private static void AddPython(Import import, string place, string text, CondaSpec specification, CondaName name)
    {
        if (specification.PythonVersions() is not { } versions)
        {
            import.Gap(place, text, "its versions cannot be written as one range");
            return;
        }

        var read = new ForeignRequirements(import.Files);
        read.ReadLine(name.Names[0] + versions, new SourceLocation("", 1, 1));
        if (read.Set.Requirements is not [var requirement])
        {
            import.Gap(place, text, "this is not a requirement that Python's index is asked for");
            return;
        }

        if (requirement.Requirement is { } named)
        {
            import.Look(named);
        }

        var written = name.Names[0] + versions;
        import.AddPython(place, text, written, string.Join("; ", Notes(specification, name)) is { Length: > 0 } note ? note : null);
    }

    private static IEnumerable<string> Notes(CondaSpec specification, CondaName name)
    {
        if (!name.IsListed)
        {
            yield return "taken to have the same name on Python's index";
        }

        if (specification.Build is { } build && build.Trim('*').Length > 0)
        {
            yield return $"without conda's build {build}";
        }
    }
}
