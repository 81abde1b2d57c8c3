using Torchyard.Containers.Namespaces;

namespace Torchyard.Containers.Tests.Namespaces;

public sealed class UserNamespaceSupportTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_was_found_out_for_a_store_goes_with_it()
    {
        var store = Directory.CreateDirectory(_directory.Path + "/store").FullName;
        File.WriteAllText(_directory.Path + "/user-namespaces-kept", store);
        File.WriteAllText(_directory.Path + "/user-namespaces-gone", _directory.Path + "/was");
        File.WriteAllText(_directory.Path + "/user-namespaces-old", "");
        File.WriteAllText(_directory.Path + "/other", "");

        UserNamespaceSupport.RemoveStale(_directory.Path);

        Assert.Equal(
            ["other", "user-namespaces-kept"],
            Directory.EnumerateFiles(_directory.Path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)
        );
    }
}
