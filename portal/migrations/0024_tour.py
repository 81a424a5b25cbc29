"""When somebody ended the card of the first sign-in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0023_sent_forms"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="toured_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="不再显示首次使用提示"
            ),
        ),
    ]
