using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Torchyard.Fuzz.Engine;

/// <summary>Everything that a result holds, as text: two results are compared by it.</summary>
internal static class ResultText
{
    private const int MostDepth = 8;
    private const int MostText = 256 * 1024;

    /// <summary>Text of a result.</summary>
    public static string Of(object? result)
    {
        var text = new StringBuilder();
        Add(text, result, 0);
        return text.ToString();
    }

    private static void Add(StringBuilder text, object? value, int depth)
    {
        if (depth > MostDepth || text.Length > MostText)
        {
            text.Append('…');
            return;
        }

        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case string or char or bool or Enum or IFormattable or Uri or Type:
                text.Append('\'').Append(Convert.ToString(value, CultureInfo.InvariantCulture)).Append('\'');
                break;
            case byte[] bytes:
                text.Append(Convert.ToHexString(bytes));
                break;
            case IEnumerable list:
                text.Append('[');
                foreach (var item in list)
                {
                    Add(text, item, depth + 1);
                    text.Append(", ");
                }

                text.Append(']');
                break;
            default:
                AddMembers(text, value, depth);
                break;
        }
    }

    private static void AddMembers(StringBuilder text, object value, int depth)
    {
        text.Append(value.GetType().Name).Append('{');
        foreach (
            var field in value
                .GetType()
                .GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .OrderBy(field => field.Name, StringComparer.Ordinal)
        )
        {
            if (
                field.FieldType.IsPointer
                || field.FieldType.IsByRefLike
                || typeof(Delegate).IsAssignableFrom(field.FieldType)
                || typeof(Stream).IsAssignableFrom(field.FieldType)
            )
            {
                continue;
            }

            text.Append(field.Name).Append('=');
            Add(text, field.GetValue(value), depth + 1);
            text.Append("; ");
        }

        text.Append('}');
    }
}
