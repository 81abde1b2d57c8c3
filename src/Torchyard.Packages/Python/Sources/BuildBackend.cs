using Torchyard.Platform.Errors;
using Torchyard.Platform.Toml;

namespace Torchyard.Packages.Python.Sources;

/// <summary>
/// What <c>[build-system]</c> of a pyproject.toml says (PEP 517, PEP 518; packaging.python.org, "pyproject.toml specification").
/// </summary>
/// <param name="Requires">Requirements that must be there before the backend can be asked anything.</param>
/// <param name="Backend">The backend's object, <c>module.sub:object</c>.</param>
/// <param name="BackendPath">Directories of the source that the backend is imported from; empty when it is installed.</param>
public sealed record BuildBackend(IReadOnlyList<string> Requires, string Backend, IReadOnlyList<string> BackendPath)
{
    // What pip takes where a source says nothing: the setuptools of before pyproject.toml.
    private static readonly BuildBackend Legacy = new(["setuptools>=40.8.0"], "setuptools.build_meta:__legacy__", []);

    /// <summary>Reads the table.</summary>
    /// <param name="pyproject">The file; null when the source has none.</param>
    /// <param name="hasSetup">The source has a setup.py.</param>
    /// <param name="shown">Name of the source, for messages.</param>
    /// <exception cref="TorchyardException">TY2523.</exception>
    public static BuildBackend Read(byte[]? pyproject, bool hasSetup, string shown)
    {
        if (pyproject is null)
        {
            return hasSetup ? Legacy : throw SourceProblem.NoProject(shown, "it has neither pyproject.toml nor setup.py");
        }

        var file = $"pyproject.toml of {shown}";
        var document = TomlDocument.Parse(pyproject, file, "TY2523", "choose another version of it");
        if (!document.Entries.TryGetValue("build-system", out var entry))
        {
            return Legacy;
        }

        if (entry.Value is not TomlTable table || !table.Entries.TryGetValue("requires", out var requires))
        {
            throw SourceProblem.NoProject(shown, "[build-system] of its pyproject.toml has no 'requires' (PEP 518)");
        }

        var requirements = Texts(requires.Value, "requires", shown);
        if (!table.Entries.TryGetValue("build-backend", out var backend))
        {
            return Legacy with { Requires = requirements.Count > 0 ? requirements : Legacy.Requires };
        }

        var paths = table.Entries.TryGetValue("backend-path", out var path) ? Texts(path.Value, "backend-path", shown) : [];
        if (paths.FirstOrDefault(one => one.StartsWith('/') || one.Split('/').Contains("..")) is { } outside)
        {
            throw SourceProblem.Archive(shown, $"its backend-path '{outside}' leads out of it");
        }

        return
            backend.Value is TomlString { Value.Length: > 0 } name && name.Value.All(c => char.IsLetterOrDigit(c) || c is '.' or ':' or '_')
            ? new BuildBackend(requirements, name.Value, paths)
            : throw SourceProblem.NoProject(shown, "the build-backend of its pyproject.toml is not the name of a Python object");
    }

    private static IReadOnlyList<string> Texts(TomlNode node, string key, string shown) =>
        node is TomlArray array && array.Items.All(item => item is TomlString)
            ? [.. array.Items.Cast<TomlString>().Select(item => item.Value)]
            : throw SourceProblem.NoProject(shown, $"'{key}' of its pyproject.toml is not a list of texts");
}
