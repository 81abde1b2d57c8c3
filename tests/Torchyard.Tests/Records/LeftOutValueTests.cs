using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Torchyard.Commands;

namespace Torchyard.Tests.Records;

/// <summary>
/// What a record leaves out when it is written may be missing when it is read: a form that omits null values and demands all
/// constructor parameters cannot read what it wrote itself.
/// </summary>
public sealed class LeftOutValueTests
{
    public static TheoryData<Type> Forms()
    {
        TheoryData<Type> forms = [];
        foreach (
            var form in Assemblies()
                .SelectMany(static assembly => assembly.GetTypes())
                .Where(static type => type.IsSubclassOf(typeof(JsonSerializerContext)))
        )
        {
            forms.Add(form);
        }

        return forms;
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void What_is_left_out_when_written_is_not_demanded_when_read(Type form)
    {
        var context = (JsonSerializerContext)form.GetProperty("Default")!.GetValue(null)!;
        if (context.Options.DefaultIgnoreCondition is not (JsonIgnoreCondition.WhenWritingNull or JsonIgnoreCondition.WhenWritingDefault))
        {
            return;
        }

        var demanded = string.Join(
            ", ",
            form.GetProperties()
                .Where(static property => property.PropertyType.IsSubclassOf(typeof(JsonTypeInfo)))
                .Select(property => (JsonTypeInfo)property.GetValue(context)!)
                .Where(static type => type.Kind == JsonTypeInfoKind.Object)
                .SelectMany(type =>
                    type.Properties.Where(property => Demanded(context.Options, property) && MayBeLeftOut(property))
                        .Select(property => $"{type.Type.Name}.{property.Name}")
                )
        );
        Assert.True(demanded.Length == 0, demanded);
    }

    [Fact]
    public void Forms_of_every_project_are_looked_at()
    {
        var sources = SourceTree.At("src");
        string[] projects =
        [
            .. Directory
                .EnumerateFiles(sources, "*.cs", SearchOption.AllDirectories)
                .Where(static file =>
                    !file.Contains("/obj/", StringComparison.Ordinal)
                    && File.ReadAllText(file).Contains(": JsonSerializerContext", StringComparison.Ordinal)
                )
                .Select(file => Path.GetRelativePath(sources, file).Split(Path.DirectorySeparatorChar)[0].ToLowerInvariant())
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];

        Assert.True(projects.Length > 5);
        Assert.Equal(
            projects,
            Assemblies()
                .Where(static assembly => assembly.GetTypes().Any(static type => type.IsSubclassOf(typeof(JsonSerializerContext))))
                .Select(static assembly => assembly.GetName().Name!.ToLowerInvariant())
                .Order(StringComparer.Ordinal)
        );
    }

    private static bool Demanded(JsonSerializerOptions options, JsonPropertyInfo property) =>
        property.IsRequired
        || options.RespectRequiredConstructorParameters
            && property.AssociatedParameter is { HasDefaultValue: false, IsMemberInitializer: false };

    private static bool MayBeLeftOut(JsonPropertyInfo property) =>
        (Nullable.GetUnderlyingType(property.PropertyType) is not null || !property.PropertyType.IsValueType && property.IsGetNullable)
        && (property.AttributeProvider as MemberInfo)?.GetCustomAttribute<JsonIgnoreAttribute>()?.Condition != JsonIgnoreCondition.Never;

    // An assembly names only those that its own code uses: the rest of the program is found through them.
    private static List<Assembly> Assemblies()
    {
        List<Assembly> found = [typeof(VersionCommand).Assembly];
        for (var next = 0; next < found.Count; next++)
        {
            found.AddRange(
                found[next]
                    .GetReferencedAssemblies()
                    .Where(static name => name.Name!.StartsWith("Torchyard.", StringComparison.Ordinal))
                    .Select(Assembly.Load)
                    .Except(found)
            );
        }

        return found;
    }
}
