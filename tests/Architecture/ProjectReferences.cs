using System.Xml.Linq;

namespace Torchyard.Architecture;

/// <summary>What a project may see: its references and theirs.</summary>
internal static class ProjectReferences
{
    /// <summary>The projects that one names.</summary>
    public static IReadOnlyList<string> Direct(string project) =>
        [
            .. XDocument
                .Parse(SourceTree.Read($"src/{project}/{project}.csproj"))
                .Descendants("ProjectReference")
                // The supervisor is built beside the program, and not seen by it.
                .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") != "false")
                .Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!)),
        ];

    /// <summary>The projects of <c>src/</c> that may see a project's internals.</summary>
    public static IReadOnlyList<string> Friends(string project) =>
        [
            .. XDocument
                .Parse(SourceTree.Read($"src/{project}/{project}.csproj"))
                .Descendants("InternalsVisibleTo")
                .SelectMany(friends => ((string)friends.Attribute("Include")!).Split(';'))
                // The program's assembly is in lower case, as what people type.
                .Select(friend => friend == "torchyard" ? "Torchyard" : friend)
                .Where(friend => Directory.Exists(Path.Combine(SourceTree.Root, "src", friend))),
        ];

    /// <summary>The projects that one sees: those that it names, and what they see.</summary>
    public static IReadOnlySet<string> All(string project)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        Follow(project);
        return seen;

        void Follow(string one)
        {
            foreach (var reference in Direct(one).Where(seen.Add))
            {
                Follow(reference);
            }
        }
    }
}
