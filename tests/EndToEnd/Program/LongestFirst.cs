using Torchyard.EndToEnd.Builds;
using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.FirstDay;
using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Python;
using Torchyard.EndToEnd.Streams;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Torchyard.EndToEnd.Program;

/// <summary>Starts the collections that take minutes before the others, so that none of them is alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        RunningEnvironmentTests.Name,
        SmallContainerTests.Name,
        PythonProjectTests.Name,
        CpuImageTests.Name,
        typeof(PageWalkTests).FullName!,
        typeof(KillTests).FullName!,
        SmallImageTests.Name,
        typeof(DamageTests).FullName!,
        typeof(PackageChanceTests).FullName!,
        typeof(OldSuiteTests).FullName!,
    ];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [
            .. testCollections
                .OrderBy(collection => Rank(collection.TestCollectionDisplayName))
                .ThenBy(collection => collection.TestCollectionDisplayName, StringComparer.Ordinal),
        ];

    // A class that names no collection is one: "Test collection for NAMESPACE.CLASS (id: ...)".
    private static int Rank(string collection)
    {
        var rank = Array.FindIndex(Long, name =>
            collection == name || collection.StartsWith($"Test collection for {name} ", StringComparison.Ordinal)
        );
        return rank < 0 ? Long.Length : rank;
    }
}
