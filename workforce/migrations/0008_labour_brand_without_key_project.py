"""The fields of the form give way to the places; versions that were submitted keep their words."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("workforce", "0007_key_brands_of_the_form")]

    operations = [
        migrations.RemoveField(model_name="labourbrand", name="is_key_project"),
        migrations.RemoveField(model_name="labourbrand", name="key_project_year"),
    ]
